// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver;

import java.io.IOException;
import java.io.InputStream;
import java.lang.instrument.Instrumentation;
import java.lang.invoke.MethodHandles;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.lang.module.ResolvedModule;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.Consumer;

/** The modules of the application that starts: those on its module path that it needs. */
final class NamedModules {
  private final ModuleLayer layer = ModuleLayer.boot();
  private final ClassLoader loader = ClassLoader.getSystemClassLoader();

  /** The modules that were read, by their packages. */
  private final Map<String, Module> packages = new HashMap<>();

  /**
   * Hands over the class files, but those of the runtime.
   *
   * @param only where modules are to be read from; empty for everywhere
   */
  void read(List<Path> only, Consumer<byte[]> reader) throws IOException {
    for (ResolvedModule module : layer.configuration().modules()) {
      Optional<Path> place = place(module.reference());
      boolean isRead = place.isPresent() && (only.isEmpty() || only.contains(place.get()));
      if (isRead && layer.findLoader(module.name()) == loader) {
        read(module.reference(), reader);
      }
    }
  }

  /** Where it lies, if it is not of a run-time image, as the JDK's are. */
  private static Optional<Path> place(ModuleReference module) {
    return module
        .location()
        .filter(place -> place.getScheme().equals("file"))
        .map(place -> Path.of(place).toAbsolutePath().normalize());
  }

  private void read(ModuleReference module, Consumer<byte[]> to) throws IOException {
    try (ModuleReader reader = module.open()) {
      if (reader.find(Agent.RUNTIME).isPresent()) {
        return;
      }
      for (String file : reader.list().filter(Agent::isClassFile).sorted().toList()) {
        try (InputStream in = reader.open(file).orElseThrow()) {
          to.accept(in.readAllBytes());
        }
      }
    }
    Module resolved = layer.findModule(module.descriptor().name()).orElseThrow();
    resolved.getPackages().forEach(name -> packages.put(name, resolved));
  }

  /** Whether the class of that internal name is in one of those that were read. */
  boolean have(String name) {
    return packages.containsKey(packageOf(name));
  }

  private static String packageOf(String name) {
    int end = name.lastIndexOf('/');
    return end < 0 ? "" : Names.external(name.substring(0, end));
  }

  /**
   * Defines classes of these modules that they do not have themselves. The classes that they were
   * made for are loaded, but not initialised; where one can't be, what uses it fails as without.
   */
  void define(SortedMap<String, byte[]> made, Instrumentation instrumentation) {
    for (Map.Entry<String, byte[]> each : made.entrySet()) {
      try {
        define(each.getKey(), each.getValue(), instrumentation);
      } catch (ClassNotFoundException | IllegalAccessException | LinkageError e) {
        System.err.println(
            "weft-weaver: warning: can't define " + Names.external(each.getKey()) + ": " + e);
      }
    }
  }

  private void define(String name, byte[] bytes, Instrumentation instrumentation)
      throws ClassNotFoundException, IllegalAccessException {
    String host = Names.external(name.substring(0, name.indexOf(Names.GENERATED)));
    Class<?> type = Class.forName(host, false, loader);
    Map<String, Set<Module>> opens =
        Map.of(type.getPackageName(), Set.of(NamedModules.class.getModule()));
    instrumentation.redefineModule(type.getModule(), Set.of(), Map.of(), opens, Set.of(), Map.of());
    MethodHandles.privateLookupIn(type, MethodHandles.lookup()).defineClass(bytes);
  }
}

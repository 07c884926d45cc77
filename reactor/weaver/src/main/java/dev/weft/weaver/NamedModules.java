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

/** The application's modules: those on its module path that are resolved. */
final class NamedModules {
  private final ModuleLayer layer = ModuleLayer.boot();
  private final ClassLoader loader = ClassLoader.getSystemClassLoader();

  /** The modules that were read, by package. */
  private final Map<String, Module> packages = new HashMap<>();

  /**
   * Passes on the class files of all modules except the Weft runtime.
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

  /** Returns the location of a module, or null if it is in the run-time image, as the JDK's are. */
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

  /** Whether the class of that internal name is in a module that was read. */
  boolean have(String name) {
    return packages.containsKey(packageOf(name));
  }

  private static String packageOf(String name) {
    int end = name.lastIndexOf('/');
    return end < 0 ? "" : Names.external(name.substring(0, end));
  }

  /**
   * Defines generated classes in these modules. Loads the classes that they were made for, without
   * initialising them; if one can't be defined, its users fail as they would without it.
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

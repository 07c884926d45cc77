// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver;

import dev.weft.weaver.model.Names;
import dev.weft.weaver.model.WovenAttribute;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.lang.invoke.MethodHandles;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.lang.module.ResolvedModule;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.ProtectionDomain;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Java agent that weaves the class path and the module path of a program as it starts: by {@code
 * -javaagent:weft-weaver.jar}, or for {@code java -jar} by {@code Launcher-Agent-Class} in the
 * manifest. An argument names the folders and jars to weave, as in a class path; without one all
 * are woven. Before it, {@code exclude=PATTERN,} excludes classes, as often as it is given.
 *
 * <p>The weaver has to know all classes that were compiled together before it weaves the first one,
 * so the agent reads them when it starts. Use it for experiments; a build weaves only once.
 */
public final class Agent {
  private static final String EXCLUDE = "exclude=";
  private static final String RUNTIME = Names.ROUTINE + ".class";

  private final SortedMap<String, byte[]> originals = new TreeMap<>();
  private final NamedModules modules = new NamedModules();
  private final List<String> excludes = new ArrayList<>();

  private Agent() {}

  /**
   * Called by the JVM for {@code -javaagent}.
   *
   * @param argument what to exclude and to weave, as above; null or empty for all
   * @param instrumentation the JVM's
   * @throws IOException if something of the class path can't be read
   * @throws WeaveException if nothing can be woven
   * @throws IllegalArgumentException if a pattern of {@code exclude} is none
   */
  public static void premain(@Nullable String argument, Instrumentation instrumentation)
      throws IOException {
    new Agent().start(argument, instrumentation);
  }

  /**
   * Called by the JVM for {@code Launcher-Agent-Class}.
   *
   * @param argument what to exclude and to weave, as above; null or empty for all
   * @param instrumentation the JVM's
   * @throws IOException if something of the class path can't be read
   * @throws WeaveException if nothing can be woven
   * @throws IllegalArgumentException if a pattern of {@code exclude} is none
   */
  public static void agentmain(@Nullable String argument, Instrumentation instrumentation)
      throws IOException {
    new Agent().start(argument, instrumentation);
  }

  private void start(@Nullable String argument, Instrumentation instrumentation)
      throws IOException {
    String named = readExcludes(argument == null ? "" : argument);
    boolean isNamed = !named.isEmpty();
    String entries = isNamed ? named : System.getProperty("java.class.path", "");
    List<Path> places =
        ClassPath.split(entries).stream().map(path -> path.toAbsolutePath().normalize()).toList();
    for (Path entry : places) {
      if (Files.isDirectory(entry)) {
        readFolder(entry);
      } else if (Files.isRegularFile(entry)) {
        readJar(entry);
      } else if (isNamed) {
        throw new IOException(entry + ": neither a folder nor a jar");
      }
    }
    modules.read(isNamed ? places : List.of(), this::add);
    List<Path> all = ClassPath.split(System.getProperty("java.class.path", ""));
    try (ClassPath path = new ClassPath(all, ClassLoader.getSystemClassLoader())) {
      Weaver.Result result = Weaver.weave(originals, new TreeMap<>(), path, Excludes.of(excludes));
      report(result.problems());
      instrumentation.addTransformer(new Replacing(originals, result.classes()));
      define(result, instrumentation);
    }
  }

  /**
   * Removes the options from the front of {@code argument}, and returns the remaining class path.
   */
  private String readExcludes(String argument) {
    String rest = argument;
    while (rest.startsWith(EXCLUDE)) {
      int end = rest.indexOf(',');
      excludes.add(rest.substring(EXCLUDE.length(), end < 0 ? rest.length() : end));
      rest = end < 0 ? "" : rest.substring(end + 1);
    }
    return rest;
  }

  private void readFolder(Path folder) throws IOException {
    if (Files.exists(folder.resolve(RUNTIME))) {
      return;
    }
    for (Path file : ClassFolder.classFiles(folder)) {
      add(Files.readAllBytes(file));
    }
  }

  private void readJar(Path file) throws IOException {
    try (JarFile jar = new JarFile(file.toFile())) {
      if (jar.getEntry(RUNTIME) != null) {
        return;
      }
      for (Enumeration<JarEntry> entries = jar.entries(); entries.hasMoreElements(); ) {
        JarEntry entry = entries.nextElement();
        if (isClassFile(entry.getName())) {
          add(jar.getInputStream(entry).readAllBytes());
        }
      }
    }
  }

  static boolean isClassFile(String name) {
    return name.endsWith(".class") && !name.startsWith("META-INF/");
  }

  /**
   * Adds a class file unless a build has woven it. Of several classes of one name the first counts.
   */
  private void add(byte[] bytes) {
    var model = WovenAttribute.parse(bytes);
    if (WovenAttribute.of(model).isEmpty() && !model.isModuleInfo()) {
      originals.putIfAbsent(model.thisClass().asInternalName(), bytes);
    }
  }

  private static void report(Diagnostics problems) {
    problems.warnings().forEach(problem -> System.err.println("weft-weaver: warning: " + problem));
    problems.errors().forEach(problem -> System.err.println("weft-weaver: error: " + problem));
    if (problems.isFatal()) {
      throw new WeaveException("the class path can't be woven; see above");
    }
  }

  /** Puts classes that have no original where the loader of the others finds them. */
  private void define(Weaver.Result result, Instrumentation instrumentation) throws IOException {
    SortedMap<String, byte[]> made = new TreeMap<>(result.classes());
    made.keySet().retainAll(result.generated());
    SortedMap<String, byte[]> inModules = new TreeMap<>(made);
    inModules.keySet().removeIf(name -> !modules.have(name));
    made.keySet().removeAll(inModules.keySet());
    if (!made.isEmpty()) {
      append(made, instrumentation);
    }
    modules.define(inModules, instrumentation);
  }

  private static void append(SortedMap<String, byte[]> made, Instrumentation instrumentation)
      throws IOException {
    Path file = Files.createTempFile("weft-woven", ".jar");
    file.toFile().deleteOnExit();
    try (OutputStream out = Files.newOutputStream(file);
        JarOutputStream jar = new JarOutputStream(out)) {
      for (Map.Entry<String, byte[]> each : made.entrySet()) {
        jar.putNextEntry(new JarEntry(each.getKey() + ".class"));
        jar.write(each.getValue());
        jar.closeEntry();
      }
    }
    instrumentation.appendToSystemClassLoaderSearch(new JarFile(file.toFile()));
  }

  /** Replaces the class that the JVM has read by the woven one. */
  private record Replacing(SortedMap<String, byte[]> originals, SortedMap<String, byte[]> woven)
      implements ClassFileTransformer {
    @Override
    public byte @Nullable [] transform(
        @Nullable ClassLoader loader,
        String name,
        @Nullable Class<?> redefined,
        @Nullable ProtectionDomain domain,
        byte[] bytes) {
      boolean isOurs =
          loader == ClassLoader.getSystemClassLoader()
              && name != null
              && woven.containsKey(name)
              && Arrays.equals(originals.get(name), bytes);
      return isOurs ? woven.get(name) : null;
    }
  }

  /** The application's modules: those on its module path that are resolved. */
  private static final class NamedModules {
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

    /**
     * Returns the location of a module, or null if it is in the run-time image, as the JDK's are.
     */
    private static Optional<Path> place(ModuleReference module) {
      return module
          .location()
          .filter(place -> place.getScheme().equals("file"))
          .map(place -> Path.of(place).toAbsolutePath().normalize());
    }

    private void read(ModuleReference module, Consumer<byte[]> to) throws IOException {
      try (ModuleReader reader = module.open()) {
        if (reader.find(RUNTIME).isPresent()) {
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
     * Defines generated classes in these modules. Loads the classes that they were made for,
     * without initialising them; if one can't be defined, its users fail as they would without it.
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
      instrumentation.redefineModule(
          type.getModule(), Set.of(), Map.of(), opens, Set.of(), Map.of());
      MethodHandles.privateLookupIn(type, MethodHandles.lookup()).defineClass(bytes);
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.weaver.ClassPath;
import dev.weft.weaver.Launcher;
import dev.weft.weaver.Main;
import dev.weft.weaver.maven.WeaveMojo;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.classfile.ClassFile;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.apache.maven.plugin.MojoFailureException;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Command line, Maven goal and agent weave in the same way. */
class FrontEndsTest {
  private static final String CLASS_PATH = Compiler.LIBRARY;
  private static final String PROGRAM =
      """
      package p;
      import dev.weft.routine.*; import dev.weft.routine.codegen.*;
      public class T extends Routine {
        interface Task { int call(int x); }
        static int twice(int x) { Routine.suspend(); return 2 * x; }
        protected void run() {
          Task task = T::twice;
          System.out.println("result " + (task.call(3) + twice(4)));
        }
        public static void main(String[] arguments) throws Exception {
          T t = new T();
          Context context = new Context();
          int suspensions = 0;
          while (t.go(context)) {
            suspensions++;
          }
          System.out.println("suspensions " + suspensions);
          System.out.println("woven " + (T.class.getDeclaredMethod("resume", Context.class) != null));
        }
      }
      """;
  private static final String MODULE = "module app { requires dev.weft.reactor; }";
  private static final String EXPORT = "--add-exports=java.base/jdk.internal.vm=ALL-UNNAMED";
  private static final String REFUSED =
      "package p; class T { T() { dev.weft.routine.Routine.suspend(); } }";

  @TempDir Path parent;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private Path compiled(String name, String source) throws IOException {
    Path folder = parent.resolve(name);
    for (Map.Entry<String, byte[]> each : Compiler.compile(Map.of("p.T", source)).entrySet()) {
      Path file = folder.resolve(each.getKey() + ".class");
      Files.createDirectories(file.getParent());
      Files.write(file, each.getValue());
    }
    return folder;
  }

  private int weaver(String... arguments) {
    return Main.run(
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        arguments);
  }

  private static String text(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static void set(Object mojo, String name, Object value)
      throws ReflectiveOperationException {
    Field field = mojo.getClass().getDeclaredField(name);
    field.setAccessible(true);
    field.set(mojo, value);
  }

  private WeaveMojo mojo(Path folder) throws ReflectiveOperationException {
    WeaveMojo mojo = new WeaveMojo();
    set(mojo, "classes", folder.toFile());
    set(mojo, "classPath", ClassPath.split(CLASS_PATH).stream().map(Path::toString).toList());
    return mojo;
  }

  @Test
  void commandLineAndGoalProduceTheSameBytes() throws Exception {
    Path byMain = compiled("main", PROGRAM);
    Path byMojo = compiled("mojo", PROGRAM);

    assertEquals(0, weaver("--classpath", CLASS_PATH, byMain.toString()), () -> text(err));
    mojo(byMojo).execute();

    SortedMap<String, String> contents = ClassFolderTest.contents(byMain);
    assertEquals(contents, ClassFolderTest.contents(byMojo));
    assertTrue(contents.size() > 2, contents.keySet().toString());
    assertEquals(byMain + ": 2 of 2 classes woven, 3 made\n", text(out));
  }

  @Test
  void commandLineReportsUnweavableClasses() throws Exception {
    Path folder = compiled("main", REFUSED);

    assertEquals(1, weaver("-cp", CLASS_PATH, folder.toString()));

    assertEquals(
        "error: p.T.<init>(T.java:1): a constructor can't suspend; do it in a static method\n"
            + "weft-weaver: "
            + folder
            + ": left as they are, since they can't be woven: p.T\n",
        text(err));
    assertEquals(folder + ": 0 of 1 classes woven, 0 made\n", text(out));
  }

  @Test
  void commandLineAndGoalExclude() throws Exception {
    Path byMain = compiled("main", REFUSED);
    WeaveMojo mojo = mojo(compiled("mojo", REFUSED));
    Field excludes = WeaveMojo.class.getSuperclass().getDeclaredField("excludes");
    excludes.setAccessible(true);
    excludes.set(mojo, List.of("p.T"));

    assertEquals(
        0, weaver("-cp", CLASS_PATH, "--exclude", "q.*", "--exclude", "p.T", byMain.toString()));
    mojo.execute();

    assertEquals("", text(err));
    assertEquals(byMain + ": 0 of 1 classes woven, 0 made\n", text(out));
  }

  @Test
  void folderWithoutClassesIsWarnedOf() throws Exception {
    Path folder = Files.createDirectory(parent.resolve("empty"));

    assertEquals(0, weaver("--quiet", folder.toString()));

    assertEquals("warning: " + folder + ": there are no class files in it\n", text(err));
  }

  @Test
  void wildcardInTheClassPathMeansTheJarsOfAFolder() throws Exception {
    Path lib = Files.createDirectory(parent.resolve("lib"));
    int number = 0;
    for (Path entry : ClassPath.split(CLASS_PATH)) {
      if (entry.toString().endsWith(".jar")) {
        Files.copy(entry, lib.resolve(number++ + (number % 2 == 0 ? ".jar" : ".JAR")));
      } else if (Files.isDirectory(entry)) {
        jar(lib.resolve(number++ + ".jar"), manifest(), entry);
      }
    }
    Files.writeString(lib.resolve("notes.txt"), "no jar");
    Path folder = compiled("main", PROGRAM);

    int status = weaver("-cp", parent.resolve("none") + "/*:" + lib + "/*", folder.toString());

    assertEquals(0, status, () -> text(err));
    assertEquals(folder + ": 2 of 2 classes woven, 3 made\n", text(out));
  }

  @Test
  void goalFailsTheBuildForUnweavableClasses() throws Exception {
    WeaveMojo mojo = mojo(compiled("mojo", REFUSED));

    Assertions.assertThrows(MojoFailureException.class, mojo::execute);
  }

  /** The launcher reports an old JVM, so its class must be readable by old JVMs. */
  @Test
  void launcherCanBeLoadedByJava8() throws Exception {
    try (InputStream in = Launcher.class.getResourceAsStream("Launcher.class")) {
      assertEquals(
          ClassFile.JAVA_8_VERSION, ClassFile.of().parse(in.readAllBytes()).majorVersion());
    }
  }

  @Test
  void commandLinePrintsHelp() {
    assertEquals(0, weaver("--help"));

    assertTrue(text(out).startsWith("usage: java -jar weft-weaver.jar"));
  }

  @Test
  void wrongCommandLineIsExplained() {
    assertEquals(2, weaver());
    assertEquals(2, weaver("--odd"));
    assertEquals(2, weaver("--classpath"));
    assertEquals(2, weaver("--exclude", "a b", "folder"));

    assertTrue(text(err).contains("weft-weaver: no folder is named"));
    assertTrue(text(err).contains("weft-weaver: unknown option: --odd"));
    assertTrue(text(err).contains("weft-weaver: --classpath needs a value"));
    assertTrue(text(err).contains("weft-weaver: not a pattern of class names: 'a b'"));
  }

  @Test
  void missingFolderIsReported() {
    assertEquals(1, weaver(parent.resolve("none").toString()));

    assertEquals("weft-weaver: " + parent.resolve("none") + ": not a folder\n", text(err));
  }

  @Test
  void folderAboveTheClassesIsRefused() throws Exception {
    compiled("target/classes", PROGRAM);
    Path target = parent.resolve("target");
    SortedMap<String, String> before = ClassFolderTest.contents(target);

    assertEquals(1, weaver("-cp", CLASS_PATH, target.toString()));

    String output = text(err);
    assertTrue(output.contains(".class: is class p.T"), output);
    assertTrue(output.endsWith("woven is the folder " + target.resolve("classes") + "\n"), output);
    assertEquals(before, ClassFolderTest.contents(target));
  }

  @Test
  void classPathWithoutTheLibraryIsRefused() throws Exception {
    Path folder = compiled("main", PROGRAM);

    assertEquals(1, weaver(folder.toString()));

    assertTrue(text(err).contains("weft-reactor.jar has to be in it"), text(err));
  }

  @Test
  void calledClassMissingFromTheClassPathIsReported() throws Exception {
    Path folder = compiled("main", PROGRAM);
    Files.delete(folder.resolve("p/T$Task.class"));

    assertEquals(0, weaver("-cp", CLASS_PATH, folder.toString()));

    assertEquals(
        "warning: p.T.run(T.java:8): calls p.T$Task, which is not on the class path and so is"
            + " taken for a class that never suspends\n",
        text(err).lines().filter(line -> line.contains("not on the")).findFirst().orElse("")
            + '\n');
  }

  @Test
  void invalidJarIsReported() throws Exception {
    Path folder = compiled("main", PROGRAM);
    Path file = Files.writeString(parent.resolve("lib.jar"), "text");

    assertEquals(1, weaver("-cp", file.toString(), folder.toString()));

    assertTrue(text(err).startsWith("weft-weaver: " + file + ": not a jar: "), text(err));
  }

  @Test
  void unwritableFolderIsReportedWithTheReason() throws Exception {
    Path folder = compiled("main", PROGRAM);
    Path file = Files.writeString(parent.resolve("main-unwoven"), "no folder");

    assertEquals(1, weaver("-cp", CLASS_PATH, folder.toString()));

    assertTrue(text(err).startsWith("weft-weaver: " + file), text(err));
    assertTrue(text(err).lines().findFirst().orElseThrow().matches(".*: [^/]+"), text(err));
  }

  @Test
  void commandLinePrintsItsVersion() {
    assertEquals(0, weaver("--version"));

    assertTrue(text(out).startsWith("weft-weaver "), text(out));
  }

  @Test
  void agentWeavesTheClassPath() throws Exception {
    Path folder = compiled("agent", PROGRAM);

    String output = java("-javaagent:" + agentJar(), "-cp", folder + ":" + CLASS_PATH, "p.T");

    assertEquals("result 14\nsuspensions 2\nwoven true\n", output);
  }

  @Test
  void agentExcludes() throws Exception {
    Path folder = compiled("agent", PROGRAM);
    String agent = "-javaagent:" + agentJar() + "=exclude=q.*,exclude=p.T";

    String all = java(agent, EXPORT, "-cp", folder + ":" + CLASS_PATH, "p.T");
    String named = java(agent + "," + folder, EXPORT, "-cp", folder + ":" + CLASS_PATH, "p.T");

    assertEquals("result 14\nsuspensions 2\n", all.substring(0, all.indexOf("Exception in")));
    assertTrue(all.contains("NoSuchMethodException: p.T.resume("), all);
    assertEquals(all, named);
  }

  @Test
  void agentReportsUnweavableClassesAndStartsTheProgram() throws Exception {
    String bad =
        PROGRAM.replace(
            "interface Task", "static class Bad { Bad() { Routine.suspend(); } } interface Task");
    Path folder = compiled("agent", bad);

    String output = java("-javaagent:" + agentJar(), "-cp", folder + ":" + CLASS_PATH, "p.T");

    assertEquals(
        "weft-weaver: error: p.T$Bad.<init>(T.java:4): a constructor can't suspend; do it in a"
            + " static method\nresult 14\nsuspensions 2\nwoven true\n",
        output);
  }

  @Test
  void agentChangesNoProgramThatDoesNotUseTheLibrary() throws Exception {
    String agent = agentJar().toString();

    String output = java("-javaagent:" + agent, "-cp", agent, "dev.weft.weaver.Main", "--version");

    assertTrue(output.contains("nothing is found to suspend"), output);
    assertTrue(output.lines().toList().getLast().startsWith("weft-weaver "), output);
  }

  @Test
  void agentProducesTheSameBytes() throws Exception {
    Path byMain = compiled("main", PROGRAM);
    assertEquals(0, weaver("--classpath", CLASS_PATH, byMain.toString()), () -> text(err));
    Path folder = compiled("agent", PROGRAM);
    Path dumped = parent.resolve("dumped");

    String output =
        java(
            "-javaagent:" + dumperJar() + "=" + dumped,
            "-javaagent:" + agentJar(),
            "-cp",
            folder + ":" + CLASS_PATH,
            "p.T");

    assertEquals("result 14\nsuspensions 2\nwoven true\n", output);
    assertEquals(ClassFolderTest.contents(byMain), ClassFolderTest.contents(dumped));
  }

  @Test
  void agentWeavesNamedModules() throws Exception {
    Path module = parent.resolve("app");
    Path byMain = compiledAsModule(parent.resolve("main"));
    compiledAsModule(module);
    assertEquals(0, weaver("--classpath", CLASS_PATH, byMain.toString()), () -> text(err));
    Path dumped = parent.resolve("dumped");

    String output =
        java(
            "-javaagent:" + dumperJar() + "=" + dumped,
            "-javaagent:" + agentJar(),
            "-p",
            module + ":" + CLASS_PATH,
            "-m",
            "app/p.T");

    assertEquals("result 14\nsuspensions 2\nwoven true\n", output);
    SortedMap<String, String> contents = ClassFolderTest.contents(byMain);
    contents.remove("module-info.class");
    assertEquals(contents, ClassFolderTest.contents(dumped));
  }

  /** The program in a module of its own. */
  private Path compiledAsModule(Path folder) throws IOException {
    Path info = Files.writeString(parent.resolve("module-info.java"), MODULE);
    Path source = Files.writeString(parent.resolve("T.java"), PROGRAM);
    String[] arguments = {
      "-g", "-nowarn", "-p", CLASS_PATH, "-d", folder.toString(), info.toString(), source.toString()
    };
    ToolProvider javac = ToolProvider.findFirst("javac").orElseThrow();
    assertEquals(0, javac.run(System.out, System.out, arguments));
    return folder;
  }

  @Test
  void agentStartsWithARunnableJar() throws Exception {
    Path jar = parent.resolve("app.jar");
    Manifest manifest = manifest();
    manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, "p.T");
    manifest.getMainAttributes().putValue("Launcher-Agent-Class", "dev.weft.weaver.Agent");
    StringBuilder path = new StringBuilder();
    for (Path entry : ClassPath.split(CLASS_PATH + File.pathSeparator + agentJar())) {
      path.append(entry.toUri()).append(' ');
    }
    manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, path.toString());
    jar(jar, manifest, compiled("launcher", PROGRAM));

    String output = java("-jar", jar.toString());

    assertEquals("result 14\nsuspensions 2\nwoven true\n", output);
  }

  private static Manifest manifest() {
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    return manifest;
  }

  /** The weaver as a jar, made here if the build has not packed it yet. */
  private Path agentJar() throws Exception {
    Path code = Path.of(Main.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    if (Files.isRegularFile(code)) {
      return code;
    }
    Path jar = parent.resolve("agent.jar");
    Manifest manifest = manifest();
    manifest.getMainAttributes().putValue("Premain-Class", "dev.weft.weaver.Agent");
    jar(jar, manifest, code);
    return jar;
  }

  private Path dumperJar() throws Exception {
    Path classes = parent.resolve("dumper");
    Path file = Path.of("dev", "weft", "weaver", "tests", "DumpAgent");
    for (String name : List.of(file + ".class", file + "$1.class")) {
      try (InputStream in = DumpAgent.class.getResourceAsStream("/" + name)) {
        Files.createDirectories(classes.resolve(name).getParent());
        Files.copy(in, classes.resolve(name));
      }
    }
    Path jar = parent.resolve("dumper.jar");
    Manifest manifest = manifest();
    manifest.getMainAttributes().putValue("Premain-Class", DumpAgent.class.getName());
    manifest.getMainAttributes().putValue("Can-Retransform-Classes", "true");
    jar(jar, manifest, classes);
    return jar;
  }

  private static void jar(Path jar, Manifest manifest, Path folder) throws IOException {
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream entries = new JarOutputStream(file, manifest);
        Stream<Path> files = Files.walk(folder)) {
      for (Path each : files.filter(path -> path.toString().endsWith(".class")).toList()) {
        entries.putNextEntry(new JarEntry(folder.relativize(each).toString()));
        entries.write(Files.readAllBytes(each));
        entries.closeEntry();
      }
    }
  }

  private static String java(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return output;
  }
}

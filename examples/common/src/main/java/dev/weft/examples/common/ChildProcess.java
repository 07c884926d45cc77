// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.common;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A program as a child process, for tests. It is main code because the tests of several modules use
 * it.
 */
public final class ChildProcess implements AutoCloseable {
  /**
   * The class path of the tests, with its folders packed into jars: loading a class from a folder
   * needs a descriptor, and some tests leave none.
   */
  private static final String CLASS_PATH = jars();

  /**
   * The archive of loaded classes that the first program leaves for the others, which start faster.
   */
  private static final Path CLASS_ARCHIVE = newArchive();

  /**
   * Logs as the JDK does, but no stall: that is due to the load of the machine that runs the tests.
   */
  private static final Path LOGGING =
      newFile(
          """
          handlers=java.util.logging.ConsoleHandler
          .level=INFO
          dev.weft.stall.level=OFF
          """);

  /** The system property of the library that the programs take over from the tests. */
  private static final String BACKEND = "weft.backend";

  /** The program, or the shell that has started it. */
  public final Process process;

  private final BufferedReader errors;

  private ChildProcess(Process process) {
    this.process = process;
    errors = process.errorReader(StandardCharsets.UTF_8);
  }

  private static String jars() {
    List<String> entries = new ArrayList<>();
    try {
      for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
        Path path = Path.of(entry);
        entries.add(Files.isDirectory(path) ? pack(path).toString() : entry);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return String.join(File.pathSeparator, entries);
  }

  private static Path pack(Path folder) throws IOException {
    File jar = File.createTempFile("weft-test-", ".jar");
    jar.deleteOnExit();
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar.toPath()));
        Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        out.putNextEntry(new JarEntry(folder.relativize(file).toString()));
        Files.copy(file, out);
      }
    }
    return jar.toPath();
  }

  private static Path newArchive() {
    try {
      Path archive = Files.createTempFile("weft-test-", ".jsa");
      Files.delete(archive);
      archive.toFile().deleteOnExit();
      return archive;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path newFile(String content) {
    try {
      Path file = Files.createTempFile("weft-test-", ".properties");
      file.toFile().deleteOnExit();
      return Files.writeString(file, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The command line that starts a program.
   *
   * @param main the class that starts it
   * @param program its name
   * @param args its arguments
   * @return the program and arguments of a process
   */
  public static List<String> command(Class<?> main, String program, String... args) {
    return command(List.of(), main, program, args);
  }

  private static List<String> command(
      List<String> options, Class<?> main, String program, String... args) {
    // A build in the background of a shell inherits that SIGINT is ignored, and so would the JVM.
    List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--add-exports=java.base/jdk.internal.vm=ALL-UNNAMED",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            // Says nothing of the classes that can't be archived.
            "-Xlog:disable",
            "-XX:+AutoCreateSharedArchive",
            "-XX:SharedArchiveFile=" + CLASS_ARCHIVE,
            "-Djava.util.logging.config.file=" + LOGGING));
    String backend = System.getProperty(BACKEND);
    if (backend != null) {
      command.add("-D" + BACKEND + "=" + backend);
    }
    command.addAll(options);
    command.addAll(List.of("-cp", CLASS_PATH, main.getName(), program));
    command.addAll(List.of(args));
    return command;
  }

  /**
   * Starts a program with more options for its JVM.
   *
   * @param options of java
   * @param main the class that starts it
   * @param program its name
   * @param args its arguments
   * @return its process
   * @throws IOException if it can't be started
   */
  public static ChildProcess startWith(
      List<String> options, Class<?> main, String program, String... args) throws IOException {
    return new ChildProcess(new ProcessBuilder(command(options, main, program, args)).start());
  }

  /**
   * Starts a program.
   *
   * @param main the class that starts it
   * @param program its name
   * @param args its arguments
   * @return its process
   * @throws IOException if it can't be started
   */
  public static ChildProcess start(Class<?> main, String program, String... args)
      throws IOException {
    return new ChildProcess(new ProcessBuilder(command(main, program, args)).start());
  }

  /**
   * Starts a program from a line of shell.
   *
   * @param main the class that starts it
   * @param line for bash, in which "$@" stands for the program with its arguments
   * @param program its name
   * @param args its arguments
   * @return the process of the shell
   * @throws IOException if it can't be started
   */
  public static ChildProcess shell(Class<?> main, String line, String program, String... args)
      throws IOException {
    List<String> command = new ArrayList<>(List.of("bash", "-c", line, "bash"));
    command.addAll(command(main, program, args));
    return new ChildProcess(new ProcessBuilder(command).start());
  }

  /**
   * The lines on standard error of a program that refuses its command line.
   *
   * @param program its name
   * @param complaint the error message
   * @return two lines
   */
  public static String refusal(String program, String complaint) {
    return program + ": " + complaint + "\nTry '" + program + " --help' for its options.";
  }

  /** The next line of standard error, or null at its end. */
  public @Nullable String error() throws IOException {
    return errors.readLine();
  }

  /** What is left of standard error. */
  public String errors() {
    return String.join("\n", errors.lines().toList());
  }

  public String output() throws IOException {
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  public int status() throws InterruptedException {
    return process.waitFor();
  }

  public void signal(String name) throws Exception {
    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    try {
      errors.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Reactor;
import dev.weft.bindings.NativeLibrary;
import dev.weft.portable.WithoutNativeAccessProgram;
import java.io.File;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jctools.queues.MpscArrayQueue;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A backend other than io_uring needs neither the native library nor an option of the JVM nor a
 * restricted method, of which the JVM would warn: neither the simulator nor a reactor.
 */
@Tag("mode-independent")
class WithoutNativeAccessTest {
  private static final Path TARGET = Path.of(System.getProperty("basedir", "."), "target");
  private static final String WOVEN = TARGET.resolve("woven-test-classes").toString();
  private static final String UNWOVEN = TARGET.resolve("test-classes").toString();

  private static final String LIBRARY =
      Stream.of(Reactor.class, Simulation.class, NativeLibrary.class, MpscArrayQueue.class)
          .map(type -> LibraryFiles.of(type).place().toString())
          .collect(Collectors.joining(File.pathSeparator));

  private static final List<String> ON_CLASS_PATH =
      List.of("-cp", LIBRARY + File.pathSeparator + WOVEN);

  private static final List<String> ON_MODULE_PATH =
      List.of(
          "--module-path", LIBRARY, "--add-modules", "dev.weft.reactor,dev.weft.sim", "-cp", WOVEN);

  private static final List<String> ON_STACKS =
      List.of("-cp", LIBRARY + File.pathSeparator + UNWOVEN);

  private static final String HIDDEN =
      "-D" + NativeLibrary.PATH_PROPERTY + "=" + Path.of("/nonexistent");

  private static final String OPEN_FIBERS = "--add-opens=java.base/java.lang=ALL-UNNAMED";

  private static final String NOT_LOADED = "the native library can't be loaded: ";

  private static final String HIDDEN_REASON =
      NOT_LOADED + NativeLibrary.PATH_PROPERTY + " names no readable file: /nonexistent";

  @TempDir Path folder;

  /** The lines on both outputs; fails if a class of the bindings is loaded. */
  private List<String> run(List<String> path, List<String> options, String... arguments)
      throws Exception {
    Path loaded = folder.resolve("loaded");
    List<String> lines = run(loaded, path, options, arguments);
    assertNoBindings(loaded);
    return lines;
  }

  /** The lines on both outputs; the names of the classes that are loaded come to a file. */
  private static List<String> run(
      Path loaded, List<String> path, List<String> options, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-ea", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    command.add("-Xlog:class+load:file=" + loaded);
    command.addAll(options);
    command.addAll(path);
    command.add(WithoutNativeAccessProgram.class.getName());
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeAll(List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS"));
    Process process = builder.start();
    try (OutputStream input = process.getOutputStream()) {
      input.write("a line\n".getBytes(StandardCharsets.US_ASCII));
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return output.lines().toList();
  }

  private static void assertNoBindings(Path loaded) throws Exception {
    String loader = NativeLibrary.class.getName();
    List<String> names;
    try (Stream<String> lines = Files.lines(loaded)) {
      names =
          lines
              .map(line -> line.replaceFirst("^(\\[[^]]*])+ ", "").split(" ", 2)[0])
              .filter(name -> name.startsWith(NativeLibrary.class.getPackageName() + "."))
              .toList();
    }
    assertTrue(names.contains(loader), "the log names the classes that are loaded");
    assertEquals(List.of(), names.stream().filter(name -> !name.startsWith(loader)).toList());
  }

  @Test
  void aSimulationSchedulesItsFibersAndNeedsNothingElse() throws Exception {
    List<String> options = List.of("--illegal-native-access=deny", HIDDEN, OPEN_FIBERS);

    assertEquals(List.of("simulated"), run(ON_CLASS_PATH, options, "simulation", "micro"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--illegal-native-access=deny|native access is denied; start the JVM with"
            + " --enable-native-access=ALL-UNNAMED",
        "-Dos.name=Mac OS X|META-INF/native/mac os x-%1$s/libweft.so is not on the class path: this"
            + " build of Weft is not for mac os x-%1$s",
        "-Dos.name=Windows 11|META-INF/native/windows 11-%1$s/libweft.so is not on the class path:"
            + " this build of Weft is not for windows 11-%1$s",
        "-Dos.arch=riscv64|META-INF/native/linux-riscv64/libweft.so is not on the class path: this"
            + " build of Weft is not for linux-riscv64"
      })
  void aReactorOnTheClassPathNeedsNothing(String option, String reason) throws Exception {
    assertEquals(
        List.of(
            "logged: using a selector instead of io_uring: "
                + (option.contains("deny") ? "" : NOT_LOADED)
                + reason.formatted(machine()),
            "SELECTOR, BATON",
            "copied",
            "b line"),
        run(ON_CLASS_PATH, List.of(option), folder.toString(), "micro"));
  }

  private static String machine() {
    String arch = System.getProperty("os.arch");
    return arch.equals("amd64") ? "x86_64" : arch;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--illegal-native-access=deny|native access is denied; start the JVM with"
            + " --enable-native-access=dev.weft.bindings,dev.weft.reactor",
        "-D" + NativeLibrary.PATH_PROPERTY + "=/nonexistent|" + HIDDEN_REASON,
      })
  void aReactorInAModuleNeedsNothing(String option, String reason) throws Exception {
    assertEquals(
        List.of(
            "logged: using a selector instead of io_uring: " + reason,
            "SELECTOR, BATON",
            "copied",
            "b line"),
        run(ON_MODULE_PATH, List.of(option), folder.toString(), "micro"));
  }

  @Test
  void fibersOnStacksPassABaton() throws Exception {
    assertEquals(
        List.of(
            "logged: using a selector instead of io_uring: " + HIDDEN_REASON,
            "SELECTOR, BATON",
            "copied"),
        run(ON_STACKS, List.of(HIDDEN), folder.toString()));
  }

  @Test
  void optionsOfTheJvmGiveStacksToFibersAndMicroThreads() throws Exception {
    List<String> options =
        List.of(HIDDEN, OPEN_FIBERS, "--add-exports=java.base/jdk.internal.vm=ALL-UNNAMED");

    assertEquals(
        List.of(
            "logged: using a selector instead of io_uring: " + HIDDEN_REASON,
            "SELECTOR, SCHEDULED",
            "copied",
            "b line"),
        run(ON_STACKS, options, folder.toString(), "micro"));
  }

  @Test
  void aSelectorThatIsAskedForIsNotLogged() throws Exception {
    List<String> options = List.of("-Dweft.backend=selector", HIDDEN);

    assertEquals(
        List.of("SELECTOR, BATON", "copied", "b line"),
        run(ON_CLASS_PATH, options, folder.toString(), "micro"));
  }

  /** The library is there, but the JVM would warn of its use. */
  @Test
  void aSelectorThatIsAskedForNeedsNoLibrary() throws Exception {
    assertEquals(
        List.of("SELECTOR, BATON", "copied", "b line"),
        run(ON_CLASS_PATH, List.of("-Dweft.backend=selector"), folder.toString(), "micro"));
  }

  @Test
  void aSelectorUsesTheLibraryWhereNativeAccessIsEnabled() throws Exception {
    List<String> options = List.of("-Dweft.backend=selector", "--enable-native-access=ALL-UNNAMED");

    assertEquals(
        List.of("SELECTOR, SCHEDULED", "copied"),
        run(folder.resolve("loaded"), ON_STACKS, options, folder.toString()));
  }
}

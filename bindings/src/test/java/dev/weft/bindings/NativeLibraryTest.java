// SPDX-License-Identifier: Apache-2.0
package dev.weft.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The library is loaded once per JVM, so most tests start a JVM: see {@link LoadProbe}. */
class NativeLibraryTest {
  private static final String GRANTED = "--enable-native-access=ALL-UNNAMED";
  private static final String RESOURCE =
      "META-INF/native/linux-%s/libweft.so"
          .formatted(
              System.getProperty("os.arch").equals("amd64")
                  ? "x86_64"
                  : System.getProperty("os.arch"));

  @TempDir Path folder;

  @Test
  void theFileOfTheBundledLibraryIsDeletedAfterLoading() throws Exception {
    Map<String, String> outcome = probe(classPath(), GRANTED, workdir(folder));

    assertEquals("loaded", outcome.get("first"));
    assertEquals("loaded", outcome.get("second"));
    assertEquals("true", outcome.get("loaded"));
    assertMapped(folder + "/libweft-", outcome);
    assertEquals(List.of(), filesIn(folder));
  }

  @Test
  void withoutAFolderTheLibraryIsLoadedFromMemory() throws Exception {
    Map<String, String> outcome =
        probe(classPath(), GRANTED, workdir(folder.resolve("does-not-exist")));

    assertEquals("loaded", outcome.get("first"));
    assertMapped("/memfd:libweft.so", outcome);
  }

  @Test
  void whereFilesCannotBeExecutedTheLibraryIsLoadedFromMemory() throws Exception {
    List<String> command = new ArrayList<>(mountedNoexec(folder));
    assumeTrue(succeeds(command, "true"), "no mount namespace to mount noexec in");
    command.addAll(command(classPath(), GRANTED, workdir(folder)));

    Map<String, String> outcome = run(command);

    assertEquals("loaded", outcome.get("first"));
    assertMapped("/memfd:libweft.so", outcome);
    assertEquals("[]", outcome.get("left behind"));
  }

  @Test
  void aLibraryThatCannotBeLoadedLeavesNoFileAndNamesBothAttempts() throws Exception {
    Path classes = Files.createDirectory(folder.resolve("classes"));
    Path broken = classes.resolve(RESOURCE);
    Files.createDirectories(broken.getParent());
    Files.writeString(broken, "not a library");
    Path workdir = Files.createDirectory(folder.resolve("workdir"));

    Map<String, String> outcome =
        probe(classes + File.pathSeparator + classPath(), GRANTED, workdir(workdir));

    String message = outcome.get("first");
    assertTrue(message.contains("neither from a file in " + workdir), message);
    assertTrue(message.contains("nor from memory"), message);
    assertTrue(message.contains(NativeLibrary.WORKDIR_PROPERTY), message);
    assertEquals(List.of(), filesIn(workdir));
  }

  @Test
  void theConfiguredLibraryIsLoadedInPlaceOfTheBundledOne() throws Exception {
    Path own = folder.resolve("libweft-of-my-own.so");
    try (InputStream bundled = NativeLibrary.class.getResourceAsStream("/" + RESOURCE)) {
      assertNotNull(bundled, RESOURCE);
      Files.copy(bundled, own);
    }

    Map<String, String> outcome = probe(classPath(), GRANTED, path(own.toString()));

    assertEquals("loaded", outcome.get("first"));
    assertMapped(own.toString(), outcome);
  }

  @Test
  void aConfiguredLibraryThatIsMissingIsNamedByEveryCall() throws Exception {
    Path missing = folder.resolve("missing.so");

    Map<String, String> outcome = probe(classPath(), GRANTED, path(missing.toString()));

    String message = "dev.weft.native.path names no readable file: " + missing;
    assertEquals(message, outcome.get("first"));
    assertEquals(message, outcome.get("second"));
    assertEquals("false", outcome.get("loaded"));
  }

  @Test
  void aConfiguredLibraryNeedsAnAbsolutePath() throws Exception {
    Map<String, String> outcome = probe(classPath(), GRANTED, path("libweft.so"));

    assertEquals("dev.weft.native.path is not an absolute path: libweft.so", outcome.get("first"));
  }

  @Test
  void aMachineWithoutALibraryIsNamed() throws Exception {
    Map<String, String> outcome = probe(classPath(), GRANTED, "-Dos.arch=pdp11");

    assertEquals(
        "META-INF/native/linux-pdp11/libweft.so is not on the class path:"
            + " this build of Weft is not for linux-pdp11",
        outcome.get("first"));
  }

  @Test
  void deniedNativeAccessNamesTheFlagThatGrantsIt() throws Exception {
    Map<String, String> outcome = probe(classPath(), "--illegal-native-access=deny");

    assertEquals(
        "native access is denied; start the JVM with --enable-native-access=ALL-UNNAMED",
        outcome.get("first"));
    assertTrue(outcome.get("first cause").contains("IllegalCallerException"));
  }

  @Test
  void openingLoadsTheLibraryAndOpensEachPackage() throws Exception {
    Map<String, String> outcome = probeOpening(GRANTED);

    assertEquals("true", outcome.get("loaded by opening"));
    assertEquals("true", outcome.get("opened"));
    assertEquals("true", outcome.get("opened to a named module"));
    for (String name : List.of("java.lang", "jdk.internal.vm", "jdk.internal.foreign")) {
      assertEquals("true true", outcome.get(name), name);
    }
    assertEquals("true", outcome.get("virtual thread builder"));
    assertEquals("true", outcome.get("continuation subclass"));
    assertEquals("true", outcome.get("private method of a session"));
  }

  @Test
  void openingAddsToWhatFlagsHaveOpened() throws Exception {
    Map<String, String> outcome =
        probeOpening(
            GRANTED,
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--add-exports=java.base/jdk.internal.vm=ALL-UNNAMED");

    assertEquals("true true", outcome.get("java.lang"));
    assertEquals("true true", outcome.get("jdk.internal.vm"));
    assertEquals("true", outcome.get("private method of a session"));
  }

  /** A JVMTI environment makes each switch of a virtual thread slower from then on. */
  @Test
  void openingMakesNoJvmtiEnvironment() throws Exception {
    Map<String, String> outcome =
        probeOpening(GRANTED, "-XX:TraceJVMTI=all", "-Xlog:jvmti=trace:stdout:tags");

    assertEquals("true", outcome.get("opened"));
    assertFalse(outcome.toString().contains("[jvmti]"), outcome::toString);
  }

  @Test
  void aFlagOpensWithoutTheLibrary() throws Exception {
    Map<String, String> outcome =
        probeOpening(
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            path(folder.resolve("missing.so").toString()));

    assertEquals("false", outcome.get("loaded by opening"));
    assertEquals("true", outcome.get("opened"));
    assertEquals("true", outcome.get("virtual thread builder"));
  }

  @Test
  void withoutFlagAndLibraryNothingIsOpen() throws Exception {
    Map<String, String> outcome = probeOpening(path(folder.resolve("missing.so").toString()));

    assertEquals("false", outcome.get("opened"));
    assertEquals("false", outcome.get("virtual thread builder"));
    assertEquals("false", outcome.get("continuation subclass"));
    assertEquals("false", outcome.get("private method of a session"));
  }

  @Test
  void aFailureIsNotRemembered() throws Exception {
    List<String> command =
        command(classPath(), GRANTED, path(folder.resolve("missing.so").toString()));
    command.add("repair");

    Map<String, String> outcome = run(command);

    assertTrue(outcome.get("first").contains("names no readable file"), outcome.get("first"));
    assertEquals("loaded", outcome.get("second"));
    assertEquals("true", outcome.get("loaded"));
  }

  @Test
  void concurrentLoadsLoadTheLibraryOnce() throws Exception {
    List<String> command = command(classPath(), GRANTED, workdir(folder));
    command.add("concurrently");

    Map<String, String> outcome = run(command);

    assertEquals("loaded", outcome.get("first"));
    assertMapped(folder + "/libweft-", outcome);
  }

  /** Asserts that the library is mapped from exactly one file, whose path starts so. */
  private static void assertMapped(String prefix, Map<String, String> outcome) {
    String mappings = outcome.get("mappings");
    assertTrue(mappings.matches("\\[\\d+ [^,]*]"), mappings);
    assertTrue(mappings.substring(mappings.indexOf(' ') + 1).startsWith(prefix), mappings);
  }

  private static String classPath() {
    return System.getProperty("java.class.path");
  }

  private static String workdir(Path folder) {
    return "-D" + NativeLibrary.WORKDIR_PROPERTY + "=" + folder;
  }

  private static String path(String path) {
    return "-D" + NativeLibrary.PATH_PROPERTY + "=" + path;
  }

  private static Map<String, String> probe(String classPath, String... options)
      throws IOException, InterruptedException {
    return run(command(classPath, options));
  }

  private static Map<String, String> probeOpening(String... options)
      throws IOException, InterruptedException {
    List<String> command = command(classPath(), options);
    command.add("open");
    return run(command);
  }

  private static List<String> command(String classPath, String... options) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:TieredStopAtLevel=1");
    command.addAll(Arrays.asList(options));
    command.addAll(List.of("-cp", classPath, LoadProbe.class.getName()));
    return command;
  }

  private static Map<String, String> run(List<String> command)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeAll(List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS"));
    Process process = builder.start();
    List<String> lines = process.inputReader().lines().toList();
    assertEquals(0, process.waitFor(), () -> String.join("\n", lines));
    Map<String, String> outcome = new HashMap<>();
    for (String line : lines) {
      int colon = line.indexOf(": ");
      if (colon > 0) {
        outcome.put(line.substring(0, colon), line.substring(colon + 2));
      } else {
        outcome.put(line, "");
      }
    }
    return outcome;
  }

  private static List<String> filesIn(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(Path::toString).collect(Collectors.toList());
    }
  }

  /** Runs a command in a mount namespace of its own, in which {@code folder} is mounted noexec. */
  private static List<String> mountedNoexec(Path folder) {
    String mount = "mount -t tmpfs -o noexec none \"$0\" && exec \"$@\"";
    return List.of(
        "unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, folder.toString());
  }

  private static boolean succeeds(List<String> command, String program)
      throws InterruptedException {
    List<String> whole = new ArrayList<>(command);
    whole.add(program);
    try {
      return new ProcessBuilder(whole).start().waitFor() == 0;
    } catch (IOException e) {
      return false; // the program unshare is missing
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The launchers and scripts/install, in a copy of the built repository, in which Maven is a script
 * that only reports that it was started.
 */
class InstallTest {
  private static final Path SCRIPTS = Path.of("..", "..", "scripts");

  @TempDir Path folder;

  private Path repository;
  private Path prefix;

  private record Outcome(String output, int status) {}

  @BeforeEach
  void buildCopy() throws IOException {
    repository = folder.resolve("repository");
    prefix = folder.resolve("prefix");
    copy(SCRIPTS, repository.resolve("scripts"));
    for (String source :
        List.of(
            "LICENSE",
            "pom.xml",
            ".mvn/jvm.config",
            "native/a",
            "bindings/a",
            "reactor/src/main/A.java")) {
      write(repository.resolve(source), "");
    }
    for (String source : List.of("pom.xml", "common/a", "cli/a", "micro/a")) {
      write(repository.resolve("examples").resolve(source), "");
    }
    write(folder.resolve("bin/mvn"), "#!/bin/sh\necho maven was started\nexit 1\n");
    Files.setPosixFilePermissions(folder.resolve("bin/mvn"), Set.of(PosixFilePermission.values()));
    build("cli");
    build("micro");
  }

  /** The files of a build; both jars contain the programs of this module. */
  private void build(String module) throws IOException {
    Path target = repository.resolve("examples").resolve(module).resolve("target");
    StringBuilder classPath = new StringBuilder();
    Path lib = Files.createDirectories(target.resolve("lib"));
    for (String entry : System.getProperty("java.class.path").split(":", -1)) {
      Path path = Path.of(entry).toAbsolutePath();
      if (Files.isRegularFile(path)) {
        Files.copy(path, lib.resolve(path.getFileName()));
        classPath.append("lib/").append(path.getFileName()).append(' ');
      } else if (path.endsWith("classes")) {
        Path jar = lib.resolve(path.getName(path.getNameCount() - 3) + ".jar");
        pack(new Manifest(), path, jar);
        classPath.append("lib/").append(jar.getFileName()).append(' ');
      }
    }
    Manifest manifest = new Manifest();
    Attributes main = manifest.getMainAttributes();
    main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    main.put(Attributes.Name.MAIN_CLASS, Main.class.getName());
    main.put(Attributes.Name.CLASS_PATH, classPath.toString());
    main.putValue("Enable-Native-Access", "ALL-UNNAMED");
    pack(manifest, null, target.resolve("weft-" + module + ".jar"));
    Files.copy(Path.of(System.getProperty("java.home"), "release"), target.resolve("launch.stamp"));
  }

  private static void pack(Manifest manifest, @Nullable Path classes, Path jar) throws IOException {
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
      for (Path file : classes == null ? List.<Path>of() : filesOf(classes)) {
        out.putNextEntry(new JarEntry(classes.relativize(file).toString()));
        Files.copy(file, out);
      }
    }
  }

  private static List<Path> filesOf(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).toList();
    }
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private static void copy(Path from, Path to) throws IOException {
    for (Path file : filesOf(from)) {
      Path copy = to.resolve(from.relativize(file));
      Files.createDirectories(copy.getParent());
      Files.copy(file, copy, StandardCopyOption.COPY_ATTRIBUTES);
    }
  }

  /** Runs a script; its output has standard output and standard error. */
  private Outcome run(Path script, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(script.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().compute("PATH", (name, path) -> folder.resolve("bin") + ":" + path);
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Outcome(output.strip(), process.waitFor());
  }

  private Outcome install() throws Exception {
    return run(repository.resolve("scripts/install"), prefix.toString());
  }

  private void assertInstalls() throws Exception {
    Outcome outcome = install();
    assertEquals(0, outcome.status(), outcome.output());
  }

  private Path text() throws IOException {
    return Files.writeString(folder.resolve("text"), "some text");
  }

  @Test
  void aBuiltProgramStartsWithoutMaven() throws Exception {
    assertEquals(
        new Outcome("some text", 0), run(repository.resolve("scripts/iou_cat"), text().toString()));
  }

  @Test
  void aProgramWithANewerSourceIsRebuilt() throws Exception {
    Files.writeString(repository.resolve("reactor/src/main/A.java"), "class A {}");

    Outcome outcome = run(repository.resolve("scripts/iou_cat"), text().toString());

    assertTrue(outcome.output().contains("maven was started"), outcome.output());
    assertEquals(1, outcome.status());
  }

  @Test
  void aProgramWithADeletedSourceIsRebuilt() throws Exception {
    Files.delete(repository.resolve("reactor/src/main/A.java"));

    assertEquals(1, run(repository.resolve("scripts/iou_cat"), text().toString()).status());
  }

  @Test
  void anInstallationRunsForAnyUserFromAReadOnlyFolderWithoutTheRepository() throws Exception {
    assertInstalls();
    Files.move(repository, folder.resolve("elsewhere"));
    readOnly(prefix);
    assertOthersMayReadIt();
    List<Path> before = filesOf(prefix);

    assertEquals(
        new Outcome("some text", 0), run(prefix.resolve("bin/iou_cat"), text().toString()));
    assertEquals(before, filesOf(prefix));
  }

  private static void readOnly(Path root) throws Exception {
    new ProcessBuilder("chmod", "-R", "a-w", root.toString()).inheritIO().start().waitFor();
  }

  private void assertOthersMayReadIt() throws IOException {
    try (Stream<Path> files = Files.walk(prefix)) {
      files.forEach(
          file -> {
            try {
              Set<PosixFilePermission> allowed = Files.getPosixFilePermissions(file);
              assertTrue(allowed.contains(PosixFilePermission.OTHERS_READ), file::toString);
              assertFalse(allowed.contains(PosixFilePermission.OTHERS_WRITE), file::toString);
              if (Files.isDirectory(file) || file.startsWith(prefix.resolve("bin"))) {
                assertTrue(allowed.contains(PosixFilePermission.OTHERS_EXECUTE), file::toString);
              }
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
  }

  @Test
  void aSecondInstallationReplacesTheFirst() throws Exception {
    assertInstalls();
    Path left = prefix.resolve("lib/weft/cli/lib/old.jar");
    write(left, "of the last version");

    assertInstalls();

    assertFalse(Files.exists(left));
    assertEquals("some text", run(prefix.resolve("bin/iou_cat"), text().toString()).output());
  }

  @ParameterizedTest
  @CsvSource({
    "prefix, prefix is not a folder",
    "prefix/bin/iou_cat, prefix/bin/iou_cat is there",
    "prefix/lib/weft/file, prefix/lib/weft is there"
  })
  void filesOfOthersAreNotReplaced(String file, String complaint) throws Exception {
    write(folder.resolve(file), "mine");

    Outcome outcome = install();

    assertTrue(outcome.output().contains("install: " + folder + "/" + complaint), outcome.output());
    assertEquals(1, outcome.status());
    assertEquals("mine", Files.readString(folder.resolve(file)));
  }

  @ParameterizedTest
  @CsvSource({"--bogus", "''", "/"})
  void anInvalidPrefixIsRefused(String argument) throws Exception {
    Outcome outcome = run(repository.resolve("scripts/install"), argument);

    assertTrue(outcome.output().startsWith("install: not "), outcome.output());
    assertEquals(2, outcome.status());
  }
}

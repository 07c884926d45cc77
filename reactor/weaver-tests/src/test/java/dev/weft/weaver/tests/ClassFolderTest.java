// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.weaver.ClassFolder;
import dev.weft.weaver.ClassPath;
import dev.weft.weaver.Excludes;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An incremental build has the same result as a clean one. */
class ClassFolderTest {
  private static final String QUIET = "package p; class Low { static int m(int x) { return x; } }";
  private static final String SUSPENDING =
      "package p; class Low { static int m(int x) { dev.weft.routine.Routine.suspend(); return x; } }";
  private static final String CALLER =
      "package p; class High { static int m(int x) { return Low.m(x) + 1; } }";

  @TempDir Path parent;
  private Path folder;
  private Path unwoven;

  @BeforeEach
  void makeFolder() throws IOException {
    folder = Files.createDirectory(parent.resolve("classes"));
    unwoven = ClassFolder.unwovenBeside(folder);
  }

  private static SortedMap<String, byte[]> compile(String low) {
    return Compiler.compile(Map.of("p.Low", low, "p.High", CALLER));
  }

  private static void write(Path to, SortedMap<String, byte[]> classes) throws IOException {
    for (String name : classes.keySet()) {
      Path file = to.resolve(name + ".class");
      Files.createDirectories(file.getParent());
      Files.write(file, classes.get(name));
    }
  }

  private static ClassFolder.Summary weave(Path folder, Path unwoven) throws IOException {
    List<Path> path = ClassPath.split(System.getProperty("java.class.path"));
    try (ClassPath classPath = new ClassPath(path)) {
      return ClassFolder.weave(folder, unwoven, classPath);
    }
  }

  static SortedMap<String, String> contents(Path root, FileVisitOption... options)
      throws IOException {
    SortedMap<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.walk(root, options)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        byte[] bytes = Files.readAllBytes(file);
        contents.put(root.relativize(file).toString(), java.util.HexFormat.of().formatHex(bytes));
      }
    }
    return contents;
  }

  private SortedMap<String, String> cleanBuild(String low) throws IOException {
    Path clean = Files.createDirectory(parent.resolve("clean"));
    write(clean, compile(low));
    weave(clean, parent.resolve("clean-unwoven"));
    return contents(clean);
  }

  @Test
  void weavingAgainChangesNothing() throws Exception {
    write(folder, compile(SUSPENDING));
    weave(folder, unwoven);
    SortedMap<String, String> first = contents(folder);

    ClassFolder.Summary again = weave(folder, unwoven);

    assertEquals(first, contents(folder));
    assertEquals(2, again.read());
    assertEquals(2, again.rewritten());
  }

  @Test
  void recompiledClassMakesItsUnchangedCallersSuspend() throws Exception {
    write(folder, compile(QUIET));
    assertEquals(0, weave(folder, unwoven).rewritten());
    Files.write(folder.resolve("p/Low.class"), compile(SUSPENDING).get("p/Low"));

    weave(folder, unwoven);

    assertEquals(cleanBuild(SUSPENDING), contents(folder));
  }

  @Test
  void recompiledClassIsWovenWithAlreadyWovenDependants() throws Exception {
    write(folder, compile(SUSPENDING));
    weave(folder, unwoven);
    Files.write(folder.resolve("p/Low.class"), compile(SUSPENDING).get("p/Low"));

    weave(folder, unwoven);

    assertEquals(cleanBuild(SUSPENDING), contents(folder));
  }

  @Test
  void classesThatNoLongerSuspendAreRestoredAndTheirFramesDeleted() throws Exception {
    SortedMap<String, byte[]> quiet = compile(QUIET);
    write(folder, compile(SUSPENDING));
    weave(folder, unwoven);
    Files.write(folder.resolve("p/Low.class"), quiet.get("p/Low"));

    weave(folder, unwoven);

    assertEquals(cleanBuild(QUIET), contents(folder));
    assertArrayEquals(quiet.get("p/High"), Files.readAllBytes(folder.resolve("p/High.class")));
    assertEquals(Map.of(), contents(unwoven));
  }

  @Test
  void classesWithoutOriginalsAreKept() throws Exception {
    write(folder, compile(SUSPENDING));
    weave(folder, unwoven);
    SortedMap<String, String> first = contents(folder);
    Files.delete(unwoven.resolve("p/Low.class"));
    Files.delete(unwoven.resolve("p/High.class"));

    ClassFolder.Summary again = weave(folder, unwoven);

    assertTrue(again.problems().errors().isEmpty());
    assertEquals("[]", again.problems().warnings().toString());
    assertEquals(first, contents(folder));
  }

  @Test
  void classThatMustSuspendButHasNoOriginalIsReported() throws Exception {
    String both =
        "package p; class High { static int m(int x) { return Low.m(x) + 1; }"
            + " static void n() { dev.weft.routine.Routine.suspend(); } }";
    write(folder, Compiler.compile(Map.of("p.Low", QUIET, "p.High", both)));
    weave(folder, unwoven);
    Files.delete(unwoven.resolve("p/High.class"));
    Files.write(folder.resolve("p/Low.class"), compile(SUSPENDING).get("p/Low"));
    String before = contents(folder).get("p/High.class");

    ClassFolder.Summary done = weave(folder, unwoven);

    assertEquals(
        "[p.High.m(High.java:1): suspends now, but was woven when it did not, and what it was woven"
            + " from is gone: recompile the class]",
        done.problems().errors().toString());
    assertEquals(Set.of("p.High"), done.problems().refused());
    assertEquals(before, contents(folder).get("p/High.class"));
    assertEquals(1, done.rewritten());
  }

  @Test
  void excludedClassIsRestoredIfItWasWovenBefore() throws Exception {
    SortedMap<String, byte[]> compiled = compile(SUSPENDING);
    write(folder, compiled);
    weave(folder, unwoven);

    List<Path> path = ClassPath.split(System.getProperty("java.class.path"));
    try (ClassPath classPath = new ClassPath(path)) {
      ClassFolder.weave(folder, unwoven, classPath, Excludes.of(List.of("p.*")));
    }

    assertArrayEquals(compiled.get("p/Low"), Files.readAllBytes(folder.resolve("p/Low.class")));
    assertEquals(Set.of("p/Low.class", "p/High.class"), contents(folder).keySet());
    assertEquals(Map.of(), contents(unwoven));
  }

  @Test
  void symbolicLinksToFoldersAreFollowed() throws Exception {
    Path real = Files.createDirectories(parent.resolve("real"));
    Path elsewhere = Files.createDirectories(parent.resolve("elsewhere/p")).getParent();
    write(elsewhere, compile(SUSPENDING));
    Files.createSymbolicLink(real.resolve("p"), elsewhere.resolve("p"));
    Path link = Files.createSymbolicLink(parent.resolve("link"), real);

    assertEquals(parent.toRealPath().resolve("real-unwoven"), ClassFolder.unwovenBeside(link));
    ClassFolder.Summary done = weave(link, ClassFolder.unwovenBeside(link));

    assertEquals(2, done.rewritten());
    ClassFolder.Summary again = weave(real, ClassFolder.unwovenBeside(real));
    assertEquals(2, again.rewritten());
    assertEquals(cleanBuild(SUSPENDING), contents(link, FileVisitOption.FOLLOW_LINKS));
  }

  @Test
  void linkToAnEnclosingFolderIsReported() throws Exception {
    write(folder, compile(SUSPENDING));
    Path loop = Files.createSymbolicLink(folder.resolve("loop"), folder);

    IOException thrown =
        org.junit.jupiter.api.Assertions.assertThrows(
            IOException.class, () -> weave(folder, unwoven));

    assertEquals(loop + ": is a symbolic link to a folder that it is in", thrown.getMessage());
  }

  @Test
  void invalidClassFileIsReported() throws Exception {
    Files.writeString(folder.resolve("Odd.class"), "not a class");

    IOException thrown =
        org.junit.jupiter.api.Assertions.assertThrows(
            IOException.class, () -> weave(folder, unwoven));

    assertTrue(thrown.getMessage().contains("Odd.class: not a class file"), thrown.getMessage());
    assertFalse(Files.exists(unwoven));
  }
}

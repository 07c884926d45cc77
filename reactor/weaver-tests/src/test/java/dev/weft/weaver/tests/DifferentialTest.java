// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.weaver.tests.ProgramGenerator.Style;
import dev.weft.weaver.tests.Woven.Run;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Generated programs behave the same woven, stackful, and as compiled: values, side effects,
 * exceptions and the number of suspensions. {@code scripts/fuzz weaver} runs more of them.
 */
class DifferentialTest {
  private static final int PROGRAMS = Integer.getInteger("dev.weft.fuzz.programs", 300);
  private static final long SEED = Long.getLong("dev.weft.fuzz.seed", 1L);

  /** The number of programs that are compiled together, to save time. */
  private static final int BATCH = 150;

  private static final int ECLIPSE_PROGRAMS = 50;
  private static final long ECLIPSE_SEED = 10_241;

  private static final String KIT = Programs.read("/fuzz/Kit.java");

  private long suspensions;

  /** Programs from seed {@code first} on, every other one in {@code style}. */
  private static Map<String, String> sources(long first, int count, Style style) {
    StringBuilder source = new StringBuilder("package fuzz;\npublic class Batch extends Kit {\n");
    for (int i = 0; i < count; i++) {
      Style chosen = (first + i) % 2 == 0 ? style : Style.PLAIN;
      source.append(ProgramGenerator.generate("P" + i, first + i, chosen));
    }
    return Map.of("fuzz.Kit", KIT, "fuzz.Batch", source.append("}\n").toString());
  }

  private void compare(long first, int count, Style style, List<String> differences)
      throws Exception {
    compare(Compiler.compile(sources(first, count, style)), first, count, differences);
  }

  private void compare(
      SortedMap<String, byte[]> classes, long first, int count, List<String> differences)
      throws Exception {
    Woven woven = Woven.of(classes);
    assertEquals("[]", woven.result.problems().errors().toString(), "seed " + first);
    woven.loadAll();
    Woven original = Woven.asIs(woven.originals);
    for (int i = 0; i < count; i++) {
      String name = "fuzz.Batch$P" + i;
      Run expected = Woven.run(original.routine(name), log(original));
      Run stackful = Woven.run(woven.routine(name).stackful(), log(woven));
      Run actual = Woven.run(woven.routine(name), log(woven));
      suspensions += actual.suspensions();
      if (!expected.equals(actual) || !expected.equals(stackful)) {
        differences.add(
            "seed %d:%noriginal %s%nstackful %s%nwoven    %s"
                .formatted(first + i, expected, stackful, actual));
      }
    }
  }

  private static StringBuilder log(Woven classes) throws ReflectiveOperationException {
    return (StringBuilder) classes.type("fuzz.Kit").getField("LOG").get(null);
  }

  /** A program for which the JDK computed a wrong stack map; see Suspensions.frameHere. */
  @Test
  void stackMapsThatTakeSeveralRoundsAreCorrect() throws Exception {
    List<String> differences = new ArrayList<>();

    compare(50_195, 1, Style.PLAIN, differences);

    assertEquals(List.of(), differences);
  }

  /** A program in which an unreachable handler was attributed to the wrong place. */
  @Test
  void tryBlockWithoutReachableCodeIsWovenCorrectly() throws Exception {
    List<String> differences = new ArrayList<>();

    compare(701_518, 1, Style.PLAIN, differences);

    assertEquals(List.of(), differences);
  }

  @Test
  void generatedProgramsBehaveTheSameWovenAndStackful() throws Exception {
    List<String> differences = new ArrayList<>();

    for (int done = 0; done < PROGRAMS; done += BATCH) {
      compare(SEED + done, Math.min(BATCH, PROGRAMS - done), Style.RICH, differences);
    }

    System.out.printf("%d programs from seed %d, %d suspensions%n", PROGRAMS, SEED, suspensions);
    assertEquals(List.of(), differences);
    assertTrue(suspensions > PROGRAMS, "they suspended " + suspensions + " times only");
  }

  /** At one seed in a hundred it fails inside; these are fifty in a row without. */
  @Test
  void programsCompiledByEclipseBehaveTheSameWovenAndStackful(@TempDir Path folder)
      throws Exception {
    List<String> differences = new ArrayList<>();
    Map<String, String> sources = sources(ECLIPSE_SEED, ECLIPSE_PROGRAMS, Style.RICH_FOR_ECLIPSE);
    String release = String.valueOf(Runtime.version().feature());

    SortedMap<String, byte[]> classes =
        Compiler.compileByEclipse(folder, sources, "--release", release, "-preserveAllLocals");
    compare(classes, ECLIPSE_SEED, ECLIPSE_PROGRAMS, differences);

    assertEquals(List.of(), differences);
    assertTrue(suspensions > ECLIPSE_PROGRAMS, "they suspended " + suspensions + " times only");
  }
}

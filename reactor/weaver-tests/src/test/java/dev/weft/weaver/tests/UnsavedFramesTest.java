// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.routine.Routine;
import dev.weft.routine.codegen.Context;
import dev.weft.weaver.tests.ProgramGenerator.Style;
import dev.weft.weaver.tests.Woven.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * When the frame of a suspending method can't be allocated, the waiting call ends as its scheduler
 * decides, with no other effect. Each run is compared with a stackful run of the program as
 * compiled, in which the same wait throws.
 */
class UnsavedFramesTest {
  private static final Woven PROGRAMS = Programs.WOVEN.changed(FramePoints::plant);

  /** The number of generated programs, and one in how many frames of each fails. */
  private static final int GENERATED = 12;

  private static final int STEP = 9;

  /** Runs a routine to its end, and decides the outcome of a wait that could not suspend. */
  private static final class Runner {
    private final boolean fails;
    private final Context context = new Context(this::refused);

    /** The number of waits begun. */
    private int waits;

    /** The last wait that could not suspend, or 0. */
    private int refused;

    Runner(boolean fails) {
      this.fails = fails;
    }

    private void refused(Context used, Throwable why) {
      waits++;
      refused = waits;
      if (fails) {
        used.failure = why;
      } else {
        Woven.give(used, waits);
      }
    }

    Run run(Routine routine, StringBuilder log, int failingWait, Supplier<Throwable> failure) {
      log.setLength(0);
      try {
        while (routine.go(context)) {
          waits++;
          Woven.give(context, waits);
          if (waits == failingWait) {
            context.failure = failure.get();
          }
        }
      } catch (Exception | Error e) {
        log.append(e);
      }
      return new Run(log.toString(), waits);
    }
  }

  /** One program, as it was compiled and woven. */
  private record Program(String name, Woven original, Woven woven, String log) {
    private StringBuilder log(Woven classes) throws Exception {
      return (StringBuilder) classes.type(log).getField("LOG").get(null);
    }

    Run expected(int failingWait, Supplier<Throwable> failure) throws Exception {
      return new Runner(true).run(original.routine(name), log(original), failingWait, failure);
    }

    Run actual(Runner runner, IntPredicate points, Supplier<Throwable> failure) throws Exception {
      FramePoints.arm(points, failure);
      return runner.run(woven.routine(name), log(woven), 0, failure);
    }

    /** Makes frame number {@code point} fail; returns false if fewer frames are allocated. */
    boolean compare(int point, Supplier<Throwable> failure) throws Exception {
      Runner runner = new Runner(true);
      Run actual = actual(runner, number -> number == point, failure);
      if (FramePoints.count() < point) {
        return false;
      }
      assertTrue(runner.refused > 0);
      assertEquals(
          expected(runner.refused, failure), actual, name + ", " + failure.get() + " at " + point);
      return true;
    }
  }

  private static Throwable memory() {
    return new OutOfMemoryError("frame");
  }

  private static Program program(String name) {
    return new Program("programs." + name, Programs.ORIGINAL, PROGRAMS, "programs.Log");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Unsaved",
        "Loops",
        "Operands",
        "Exceptions",
        "Recursion",
        "Patterns",
        "Inheritance",
        "Inheritance$Tree",
        "Lambdas",
        "Places"
      })
  void everyFailedFrameAllocationIsAFailureOfTheWait(String name) throws Exception {
    List<Supplier<Throwable>> failures =
        List.of(
            UnsavedFramesTest::memory,
            () -> new StackOverflowError("frame"),
            () -> new IllegalArgumentException("frame"));
    for (Supplier<Throwable> failure : failures) {
      int point = 1;
      while (program(name).compare(point, failure)) {
        point++;
      }
      assertTrue(point > 1, "no frame was made");
    }
  }

  /** Like an operation that completes before it can be cancelled. */
  @ParameterizedTest
  @ValueSource(strings = {"Unsaved", "Operands", "Exceptions", "Loops", "Recursion", "Patterns"})
  void waitsThatCompleteContinueWithTheirResult(String name) throws Exception {
    Run expected = program(name).expected(0, UnsavedFramesTest::memory);
    List<IntPredicate> choices =
        List.of(_ -> true, n -> n % 2 == 0, n -> n % 3 == 0, n -> n % 5 != 0, n -> n % 7 < 3);
    for (IntPredicate points : choices) {
      assertEquals(
          expected, program(name).actual(new Runner(false), points, UnsavedFramesTest::memory));
    }
  }

  @Test
  void generatedProgramsBehaveTheSameWhenFrameAllocationsFail() throws Exception {
    String kit = Programs.read("/fuzz/Kit.java");
    StringBuilder batch = new StringBuilder("package fuzz;\npublic class Batch extends Kit {\n");
    for (int i = 0; i < GENERATED; i++) {
      batch.append(ProgramGenerator.generate("P" + i, 1 + i, Style.RICH));
    }
    Woven plain = Woven.of(Map.of("fuzz.Kit", kit, "fuzz.Batch", batch.append("}\n").toString()));
    Woven planted = plain.changed(FramePoints::plant);
    Woven original = Woven.asIs(plain.originals);
    int compared = 0;
    for (int i = 0; i < GENERATED; i++) {
      Program each = new Program("fuzz.Batch$P" + i, original, planted, "fuzz.Kit");
      assertEquals(
          each.expected(0, UnsavedFramesTest::memory),
          each.actual(new Runner(false), _ -> true, UnsavedFramesTest::memory));
      for (int point = 1 + i % STEP; each.compare(point, failure(point)); point += STEP) {
        compared++;
      }
    }
    assertTrue(compared > GENERATED, compared + " failures");
  }

  private static Supplier<Throwable> failure(int point) {
    return point % 2 == 0 ? UnsavedFramesTest::memory : () -> new IllegalStateException("frame");
  }

  /** The whole expected log of one program, as an example of the comparisons. */
  @Test
  void handlersOfAllCallsRunOnceInnermostFirst() throws Exception {
    List<String> logs = new ArrayList<>();
    String again = "fourth third finally again0 second ";
    String rest = "fourth finally second closing closed first 10 last on fourth 14 ";
    for (int point = 1;
        point <= 5;
        point++) { // the frames of fifth to first, which belong to one wait
      Run run =
          program("Unsaved").actual(new Runner(true), failing(point), UnsavedFramesTest::memory);
      logs.add(run.log());
    }
    assertEquals(
        List.of(again + rest, again + rest, again + rest, again + rest, again + rest), logs);
  }

  private static IntPredicate failing(int point) {
    return number -> number == point;
  }

  /** If every frame fails, the waits of handlers fail as well, and the routine ends. */
  @Test
  void repeatedFrameFailuresEndAllWaits() throws Exception {
    Run run = program("Unsaved").actual(new Runner(true), _ -> true, UnsavedFramesTest::memory);

    assertEquals(
        "fourth third second closing first frame last on fourth java.lang.OutOfMemoryError: frame",
        run.log());
  }
}

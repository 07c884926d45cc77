// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.injection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Throws an OutOfMemoryError or a StackOverflowError at each allocation of the scheduler and the
 * backends in turn, and at that of each frame of woven code. Whatever it strikes, the program ends,
 * each finally block runs once, the audit after each turn finds the loop whole, nothing is in
 * flight at the end, and the thread can have the next reactor. A descriptor whose closing is struck
 * is not looked for.
 *
 * <p>{@code -Ddev.weft.sim.injection=all} tries every point; without it, some are drawn by a seed.
 */
class InjectionTest {
  private static final boolean ALL = "all".equals(System.getProperty("dev.weft.sim.injection"));
  private static final int SAMPLES = 250;
  private static final int BURST = 6;

  private static Runnable scenario(InjectingLoader loader) throws Exception {
    return (Runnable)
        loader.loadClass(InjectionScenario.class.getName()).getDeclaredConstructor().newInstance();
  }

  private static List<Long> points(long count) {
    List<Long> points = new ArrayList<>();
    if (ALL) {
      for (long point = 1; point <= count; point++) {
        points.add(point);
      }
    } else {
      Random random = new Random(count);
      for (int i = 0; i < SAMPLES; i++) {
        points.add(1 + random.nextLong(count));
      }
    }
    return points;
  }

  private static String traceOf(Throwable failure) {
    StringWriter text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text));
    return text.toString();
  }

  private static void everyPointIsSurvived(boolean stackOverflow, int burst) throws Exception {
    InjectingLoader loader = new InjectingLoader();
    // Initialises the classes, which a failure would make unusable, and counts the points.
    scenario(loader).run();
    Injection.arm(Long.MAX_VALUE, 0, stackOverflow);
    scenario(loader).run();
    long count = Injection.disarm();
    assertTrue(count > 100, count + " points");

    List<String> failures = new ArrayList<>();
    for (long point : points(count)) {
      Injection.arm(point, point + burst - 1, stackOverflow);
      try {
        scenario(loader).run();
      } catch (AssertionError | RuntimeException e) {
        failures.add(
            "point " + point + " of " + count + " at " + Injection.place() + ": " + traceOf(e));
      } finally {
        Injection.disarm();
      }
    }
    assertEquals(List.of(), failures);
  }

  @Test
  void anOutOfMemoryErrorHarmsOneFiber() throws Exception {
    everyPointIsSurvived(false, 1);
  }

  @Test
  void severalOutOfMemoryErrorsInARowHarmTheirFibers() throws Exception {
    everyPointIsSurvived(false, BURST);
  }

  @Test
  void aStackOverflowErrorHarmsOneFiber() throws Exception {
    everyPointIsSurvived(true, 1);
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.injection;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where injected failures come from. {@link InjectingLoader} puts a call of {@link #point} before
 * each place of a class that may fail for want of memory or stack; of the calls in one run, some
 * are chosen to throw. One run at a time.
 */
public final class Injection {
  private static long count;
  private static long first = Long.MAX_VALUE;
  private static long last;
  private static boolean stack;

  /** Where the first failure of this run has been planted. */
  private static List<StackTraceElement> place = List.of();

  /** Thrown in place of the one of the JVM. */
  public static final class PlantedOutOfMemoryError extends OutOfMemoryError {
    private static final long serialVersionUID = 1L;

    PlantedOutOfMemoryError() {
      super("planted");
    }
  }

  /** Thrown in place of the one of the JVM. */
  public static final class PlantedStackOverflowError extends StackOverflowError {
    private static final long serialVersionUID = 1L;

    PlantedStackOverflowError() {
      super("planted");
    }
  }

  private Injection() {}

  /** Begins a run in which the points from number {@code from} to {@code to} fail, from 1. */
  static synchronized void arm(long from, long to, boolean stackOverflow) {
    count = 0;
    first = from;
    last = to;
    stack = stackOverflow;
    place = List.of();
  }

  /** Where the first failure of this run has been planted, innermost frame first. */
  static synchronized List<StackTraceElement> place() {
    return place;
  }

  /** Ends a run; returns how many points it has come by. */
  static synchronized long disarm() {
    first = Long.MAX_VALUE;
    return count;
  }

  /** Fails if it is the turn of this point. Called by the code under test, on any thread. */
  public static synchronized void point() {
    count++;
    if (count >= first && count <= last && !isInTestKit()) {
      VirtualMachineError failure =
          stack ? new PlantedStackOverflowError() : new PlantedOutOfMemoryError();
      if (place.isEmpty()) {
        place = List.of(failure.getStackTrace());
      }
      throw failure;
    }
  }

  /** Whether it is the simulator that has called: its failures are not the library's. */
  private static boolean isInTestKit() {
    boolean is =
        StackWalker.getInstance()
            .walk(
                frames ->
                    frames.anyMatch(frame -> frame.getClassName().endsWith(".SimulationRun")));
    if (is) {
      first++;
      last++;
    }
    return is;
  }

  /** Whether {@code failure} is, or comes of, a planted one. */
  public static boolean isPlanted(@Nullable Throwable failure) {
    for (Throwable each = failure; each != null; each = each.getCause()) {
      if (each instanceof PlantedOutOfMemoryError || each instanceof PlantedStackOverflowError) {
        return true;
      }
      for (Throwable suppressed : each.getSuppressed()) {
        if (isPlanted(suppressed)) {
          return true;
        }
      }
    }
    return false;
  }
}

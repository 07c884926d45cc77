// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.injection;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where injected failures come from. {@link InjectingLoader} puts a call of {@link #point} before
 * each place of a class that may fail because memory or stack is short; of the calls in one run,
 * some are chosen to throw. One run at a time.
 */
public final class Injection {
  private static final int FRAMES_SHOWN = 16;

  /** What the simulator notes by itself is made in these. */
  private static final Set<String> TEST_KIT =
      Set.of("dev.weft.sim.SimulationRun", "dev.weft.sim.Request", "dev.weft.sim.Trace");

  private static long count;
  private static int plantedCount;
  private static long first = Long.MAX_VALUE;
  private static long last;
  private static Kind kind = Kind.MEMORY;

  /** What is planted. */
  enum Kind {
    /** An OutOfMemoryError at an allocation. */
    MEMORY,
    /** A StackOverflowError at an allocation, which is a call of a constructor as well. */
    STACK,
    /**
     * A StackOverflowError at a call of the library in a fiber: the loop's own stack is never deep.
     * {@link StackDepths} says which of the calls can't fail, and which others fail as well.
     */
    CALL
  }

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
  static synchronized void arm(long from, long to, Kind planted) {
    count = 0;
    plantedCount = 0;
    first = from;
    last = to;
    kind = planted;
    place = List.of();
    StackDepths.reset();
  }

  /** Where the first failure of this run has been planted, innermost frame first. */
  static synchronized List<StackTraceElement> place() {
    return place;
  }

  /** Ends a run; returns how many points it has come by. */
  static synchronized long disarm() {
    calm();
    return count;
  }

  /** How many failures have been planted in this run. */
  public static synchronized int planted() {
    return plantedCount;
  }

  /** Plants no more in this run. */
  public static synchronized void calm() {
    first = Long.MAX_VALUE;
    StackDepths.reset();
  }

  /** Fails if it is the turn of this point. Called by the code under test, on any thread. */
  public static void point() {
    if (kind != Kind.CALL) {
      come();
    }
  }

  /** As {@link #point}, before a call of the library. */
  public static void call() {
    if (kind == Kind.CALL) {
      comeByCall(false);
    }
  }

  /** As {@link #call}, before a call of {@link dev.weft.internal.jvm.StackReserve#check}. */
  public static void reserve() {
    if (kind == Kind.CALL) {
      comeByCall(true);
    }
  }

  /** Called before a call of the library by a program, whose stack is not deep. */
  public static synchronized void enter() {
    if (kind == Kind.CALL) {
      StackDepths.endOverflow();
    }
  }

  private static synchronized void come() {
    count++;
    if (isTurn() && !isInTestKit()) {
      plant();
    }
  }

  private static synchronized void comeByCall(boolean isCheck) {
    count++;
    if (isTurn() && !isInTestKit()) {
      if (StackDepths.cantFail(isCheck)) {
        skip();
      } else {
        StackDepths.beginOverflow(isCheck);
        plant();
      }
    } else if (StackDepths.overflows(isCheck)) {
      plant();
    }
    if (isCheck) {
      StackDepths.addReserve();
    }
  }

  private static boolean isTurn() {
    return count >= first && count <= last;
  }

  private static void plant() {
    VirtualMachineError failure =
        kind == Kind.MEMORY ? new PlantedOutOfMemoryError() : new PlantedStackOverflowError();
    plantedCount++;
    if (place.isEmpty()) {
      place = Arrays.stream(failure.getStackTrace()).limit(FRAMES_SHOWN).toList();
    }
    throw failure;
  }

  /** Whether it is the simulator that has called: its failures are not the library's. */
  private static boolean isInTestKit() {
    boolean is =
        StackWalker.getInstance()
            .walk(frames -> frames.anyMatch(frame -> TEST_KIT.contains(frame.getClassName())));
    if (is) {
      skip();
    }
    return is;
  }

  /** Passes the turn of this point on to the next. */
  private static void skip() {
    first++;
    last++;
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

// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.injection;

import dev.weft.sim.kernel.Request;
import dev.weft.sim.run.SimulationRun;
import dev.weft.sim.run.TraceLog;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Injects failures. {@link InjectingLoader} puts a call of {@link #point} before each place of a
 * class that may fail because memory or stack is short; of the calls in one run, some are chosen to
 * throw. One run at a time.
 */
public final class Injection {
  private static final int FRAMES_SHOWN = 16;

  /** Classes of the simulator whose own allocations must not fail. */
  private static final Set<String> TEST_KIT =
      Set.of(SimulationRun.class.getName(), Request.class.getName(), TraceLog.class.getName());

  private static long count;
  private static int injectedCount;
  private static long first = Long.MAX_VALUE;
  private static long last;
  private static Kind kind = Kind.MEMORY;

  /** The kind of failure. */
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

  /** Where the first failure of this run was injected. */
  private static List<StackTraceElement> place = List.of();

  /** Thrown instead of the JVM's OutOfMemoryError. */
  public static final class InjectedOutOfMemoryError extends OutOfMemoryError {
    private static final long serialVersionUID = 1L;

    InjectedOutOfMemoryError() {
      super("injected");
    }
  }

  /** Thrown instead of the JVM's StackOverflowError. */
  public static final class InjectedStackOverflowError extends StackOverflowError {
    private static final long serialVersionUID = 1L;

    InjectedStackOverflowError() {
      super("injected");
    }
  }

  private Injection() {}

  /** Begins a run in which the points from number {@code from} to {@code to} fail, from 1. */
  static synchronized void arm(long from, long to, Kind injected) {
    count = 0;
    injectedCount = 0;
    first = from;
    last = to;
    kind = injected;
    place = List.of();
    StackDepths.reset();
  }

  /** Where the first failure of this run was injected, innermost frame first. */
  static synchronized List<StackTraceElement> place() {
    return place;
  }

  /** Ends a run; returns how many points it has passed. */
  static synchronized long disarm() {
    stop();
    return count;
  }

  /** How many failures have been injected in this run. */
  public static synchronized int count() {
    return injectedCount;
  }

  /** Injects no more failures in this run. */
  public static synchronized void stop() {
    first = Long.MAX_VALUE;
    StackDepths.reset();
  }

  /** Throws if this point was chosen. Called by the code under test, on any thread. */
  public static void point() {
    if (kind != Kind.CALL) {
      pass();
    }
  }

  /** As {@link #point}, before a call of the library. */
  public static void call() {
    if (kind == Kind.CALL) {
      passCall(false);
    }
  }

  /** As {@link #call}, before a call of {@link dev.weft.internal.jvm.StackReserve#check}. */
  public static void reserve() {
    if (kind == Kind.CALL) {
      passCall(true);
    }
  }

  /** Called before a program, whose stack is not deep, calls the library. */
  public static synchronized void enter() {
    if (kind == Kind.CALL) {
      StackDepths.endOverflow();
    }
  }

  private static synchronized void pass() {
    count++;
    if (isChosen() && !isInTestKit()) {
      inject();
    }
  }

  private static synchronized void passCall(boolean isCheck) {
    count++;
    if (isChosen() && !isInTestKit()) {
      if (StackDepths.cantFail(isCheck)) {
        skip();
      } else {
        StackDepths.beginOverflow(isCheck);
        inject();
      }
    } else if (StackDepths.overflows(isCheck)) {
      inject();
    }
    if (isCheck) {
      StackDepths.addReserve();
    }
  }

  private static boolean isChosen() {
    return count >= first && count <= last;
  }

  private static void inject() {
    VirtualMachineError failure =
        kind == Kind.MEMORY ? new InjectedOutOfMemoryError() : new InjectedStackOverflowError();
    injectedCount++;
    if (place.isEmpty()) {
      place = Arrays.stream(failure.getStackTrace()).limit(FRAMES_SHOWN).toList();
    }
    throw failure;
  }

  /** Whether the simulator is the caller: its failures are not the library's. */
  private static boolean isInTestKit() {
    boolean is =
        StackWalker.getInstance()
            .walk(frames -> frames.anyMatch(frame -> TEST_KIT.contains(frame.getClassName())));
    if (is) {
      skip();
    }
    return is;
  }

  /** Chooses the next point instead of this one. */
  private static void skip() {
    first++;
    last++;
  }

  /** Whether {@code failure} is an injected one, or was caused by one. */
  public static boolean isInjected(@Nullable Throwable failure) {
    for (Throwable each = failure; each != null; each = each.getCause()) {
      if (each instanceof InjectedOutOfMemoryError || each instanceof InjectedStackOverflowError) {
        return true;
      }
      for (Throwable suppressed : each.getSuppressed()) {
        if (isInjected(suppressed)) {
          return true;
        }
      }
    }
    return false;
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** The time since the machine was started, with the time that it was suspended. */
final class BootClock {
  /** CLOCK_BOOTTIME of Linux, see clock_gettime(2). */
  private static final int BOOTTIME = 7;

  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  private final MethodHandle getTime = getTime();
  private final MemorySegment time;

  /** Makes a clock for the lifetime of {@code arena}. */
  BootClock(Arena arena) {
    time = arena.allocate(JAVA_LONG, 2);
  }

  @SuppressWarnings("restricted") // the signature is that of clock_gettime(2) on 64 bits
  private static MethodHandle getTime() {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow("clock_gettime"),
        FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));
  }

  /** The time in nanoseconds; that of {@link System#nanoTime} where there is no such clock. */
  long nanoTime() {
    int result;
    try {
      result = (int) getTime.invokeExact(BOOTTIME, time);
    } catch (Throwable e) {
      throw new IllegalStateException("clock_gettime has no Java code that could throw", e);
    }
    return result == 0
        ? time.getAtIndex(JAVA_LONG, 0) * NANOS_PER_SECOND + time.getAtIndex(JAVA_LONG, 1)
        : System.nanoTime();
  }
}

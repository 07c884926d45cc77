// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.weft.bindings.NativeLibrary;
import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Signals that are caught without the JVM. A handler in C writes their numbers to a pipe, from
 * which a thread reads: a handler can't call Java, and the masks of the JVM's threads, which a
 * signalfd(2) would need, are not ours to change. On Linux alone.
 */
final class NativeSignals {
  private static final int SIGNALS = 65; // _NSIG

  private static final int BUFFER_BYTES = 4096;

  /** The names of those that have been caught, by their numbers. */
  private static final @Nullable String[] NAMES = new @Nullable String[SIGNALS];

  /** The descriptor that the handler writes to, -1 if there is none yet. It is never closed. */
  private static int sink = -1;

  private NativeSignals() {}

  /** Whether dispositions can be read without a warning of the JVM. */
  static boolean isUsable() {
    return NativeLibrary.isWelcome() && Libc.isAvailable();
  }

  /**
   * Starts to catch a signal; returns what ends it. The native library is loaded.
   *
   * @param before its action until then
   */
  static synchronized Runnable catchSignal(int number, String name, SignalAction before) {
    if (sink < 0) {
      sink = openSink(name);
    }
    NAMES[number] = name;
    int result = LibcFunction.ofLibrary("weft_catch_signal", 3).call(number, sink, 0);
    if (result < 0) {
      throw SignalDispatch.refused(name, Errno.of(-result).text(), null);
    }
    return () -> before.set(number);
  }

  private static int openSink(String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ends = arena.allocate(2L * Integer.BYTES, Integer.BYTES);
      int result = Libc.pipe(ends.address());
      if (result < 0) {
        throw SignalDispatch.refused(name, "no pipe for it: " + Errno.of(-result).text(), null);
      }
      int source = ends.get(JAVA_INT, 0);
      int target = ends.get(JAVA_INT, Integer.BYTES);
      Libc.fcntl(target, weft_h.F_SETFL(), weft_h.O_NONBLOCK());
      Thread.ofPlatform().daemon().name("weft signals").start(() -> readAll(source));
      return target;
    }
  }

  private static synchronized @Nullable String name(int number) {
    return NAMES[number];
  }

  private static void readAll(int source) {
    CpuAffinity.leaveInherited(); // a pinned reactor may have started the thread
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment numbers = arena.allocate(BUFFER_BYTES);
      int count;
      while ((count = Libc.read(source, numbers.address(), BUFFER_BYTES)) != 0) {
        for (int i = 0; i < count; i++) {
          String name = name(numbers.get(JAVA_BYTE, i));
          if (name != null) {
            SignalDispatch.dispatch(name);
          }
        }
      }
    }
  }
}

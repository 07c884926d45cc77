// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import org.jspecify.annotations.Nullable;

/** Which loop a platform thread owns: asked by every call that may suspend. */
final class LoopRegistry {
  private static final ThreadLocal<EventLoop> LOOPS = new ThreadLocal<>();

  /**
   * Loops by the last bits of their threads' numbers, looked at before the thread-local, which
   * takes several times as long. Threads race for the places, but none takes another's loop for its
   * own.
   */
  private static final @Nullable EventLoop[] NEAR = new @Nullable EventLoop[64];

  private LoopRegistry() {}

  private static int place(Thread thread) {
    return (int) thread.threadId() & (NEAR.length - 1);
  }

  /** Called on the loop's thread. */
  static void put(EventLoop loop) {
    LOOPS.set(loop);
    NEAR[place(loop.thread())] = loop;
  }

  /** A loop that may be that of {@code thread}, or null. */
  static @Nullable EventLoop near(Thread thread) {
    return NEAR[place(thread)];
  }

  /** The loop of {@code thread}, which is the calling one, or null. */
  static @Nullable EventLoop get(Thread thread) {
    EventLoop loop = near(thread);
    return loop != null && loop.thread() == thread ? loop : LOOPS.get();
  }

  /** Called on the loop's thread. */
  static void remove(EventLoop loop) {
    LOOPS.remove();
    int place = place(loop.thread());
    if (NEAR[place] == loop) {
      NEAR[place] = null;
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import org.jspecify.annotations.Nullable;

/** Finds the loop that a platform thread owns; used by every call that may suspend. */
final class LoopRegistry {
  private static final ThreadLocal<EventLoop> LOOPS = new ThreadLocal<>();

  /**
   * A cache of loops, indexed by the low bits of the thread's id, because the thread-local is
   * several times slower. Threads overwrite each other's entries, but each compares the loop's
   * thread with itself.
   */
  private static final @Nullable EventLoop[] CACHE = new @Nullable EventLoop[64];

  private LoopRegistry() {}

  private static int cacheIndex(Thread thread) {
    return (int) thread.threadId() & (CACHE.length - 1);
  }

  /** Called on the loop's thread. */
  static void put(EventLoop loop) {
    LOOPS.set(loop);
    CACHE[cacheIndex(loop.thread())] = loop;
  }

  /** The cached loop, which may belong to another thread than {@code thread}; or null. */
  static @Nullable EventLoop cached(Thread thread) {
    return CACHE[cacheIndex(thread)];
  }

  /** The loop of {@code thread}, which is the calling one, or null. */
  static @Nullable EventLoop get(Thread thread) {
    EventLoop loop = cached(thread);
    return loop != null && loop.thread() == thread ? loop : LOOPS.get();
  }

  /** Called on the loop's thread. */
  static void remove(EventLoop loop) {
    LOOPS.remove();
    int index = cacheIndex(loop.thread());
    if (CACHE[index] == loop) {
      CACHE[index] = null;
    }
  }
}

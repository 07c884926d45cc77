// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.error.DeadlockException;
import org.jspecify.annotations.Nullable;

/** Passes the events of a loop on to its listener, if there is one. */
final class LoopEvents {
  /** Volatile, because other threads read it too. */
  private volatile @Nullable LoopListener listener;

  void listener(@Nullable LoopListener next) {
    listener = next;
  }

  @Nullable LoopListener listener() {
    return listener;
  }

  void started(Strand strand) {
    LoopListener current = listener;
    if (current != null) {
      current.started(strand);
    }
  }

  /** Reports that a strand that ran has suspended itself or ended. */
  static void stopped(LoopListener observer, Strand strand, boolean ended) {
    if (ended) {
      observer.ended(strand);
    } else {
      observer.suspended(strand);
    }
  }

  void turned(EventLoop loop) {
    LoopListener current = listener;
    if (current != null) {
      current.turned(loop);
    }
  }

  /** Called for each message; those of the loop's own thread are no event. */
  void message(EventLoop loop, Object what) {
    LoopListener current = listener;
    if (current != null && !loop.isOnThread()) {
      current.messageFrom(Thread.currentThread(), what);
    }
  }

  void deadlocked(DeadlockException report) {
    LoopListener current = listener;
    if (current != null) {
      current.deadlocked(report);
    }
  }
}

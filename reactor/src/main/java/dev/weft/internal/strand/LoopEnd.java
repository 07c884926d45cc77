// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.error.DeadlockException;
import org.jspecify.annotations.Nullable;

/** Ends loops. */
final class LoopEnd {
  private LoopEnd() {}

  /** See {@link EventLoop#close}. */
  static void close(EventLoop loop) {
    DeadlockException found;
    try {
      found = endStrands(loop);
    } catch (Throwable e) {
      loop.abandon(); // so that the thread can have another loop
      throw e;
    }
    try {
      loop.backend().close();
      loop.extensions.close();
    } catch (Throwable e) {
      if (found != null) {
        e.addSuppressed(found);
      }
      throw e;
    } finally {
      LoopRegistry.remove(loop);
    }
    if (found != null) {
      throw found;
    }
  }

  /** Runs until no strand is left and none can be started; returns the first deadlock, or null. */
  private static @Nullable DeadlockException endStrands(EventLoop loop) {
    DeadlockException first = null;
    do {
      loop.cancelAll();
      try {
        loop.run(); // not cancelling afterwards
      } catch (DeadlockException e) {
        if (first == null) {
          first = e;
        } else if (first != e) {
          first.addSuppressed(e);
        }
      }
      loop.cancelLater(); // for strands that the last tasks start
      loop.inbound.drain();
    } while (loop.live() > 0 || !loop.inbound.closeIfEmpty());
    return first;
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Lets senders in until it is closed, and tells when the last of them has left: only then is it
 * certain that nothing more will come. Any thread.
 */
final class CloseGate {
  private static final int CLOSED = 1;
  private static final int SENDER = 2;

  /** Twice the number of senders inside, and 1 if it is closed. */
  private final AtomicInteger state = new AtomicInteger();

  /** Lets the caller in, who has to leave again; false if it is closed. */
  boolean enter() {
    while (true) {
      int old = state.get();
      if ((old & CLOSED) != 0) {
        return false;
      }
      if (state.compareAndSet(old, old + SENDER)) {
        return true;
      }
    }
  }

  void leave() {
    state.getAndAdd(-SENDER);
  }

  void close() {
    state.getAndUpdate(old -> old | CLOSED);
  }

  boolean isClosed() {
    return (state.get() & CLOSED) != 0;
  }

  /** Whether it is closed and nobody is inside. */
  boolean isShut() {
    return state.get() == CLOSED;
  }
}

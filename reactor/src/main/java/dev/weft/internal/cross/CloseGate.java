// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.cross;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts senders in progress until it is closed. When it is closed and the last sender has left, no
 * more values can arrive. May be used by any thread.
 */
public final class CloseGate {
  private static final int CLOSED = 1;
  private static final int SENDER = 2;

  /** Twice the number of senders inside, and 1 if it is closed. */
  private final AtomicInteger state = new AtomicInteger();

  /** Registers the caller, which must call {@link #leave}; returns false if the gate is closed. */
  public boolean enter() {
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

  public void leave() {
    state.getAndAdd(-SENDER);
  }

  public void close() {
    state.getAndUpdate(old -> old | CLOSED);
  }

  public boolean isClosed() {
    return (state.get() & CLOSED) != 0;
  }

  /** Whether it is closed and no sender is inside. */
  public boolean isShut() {
    return state.get() == CLOSED;
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.Deadline;
import dev.weft.internal.cross.CrossThreadCondition;
import dev.weft.internal.jvm.StackReserve;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Lets the fibers of any reactors, and other threads, wait for a condition without a lock: take a
 * ticket, check the condition, and wait only for signals after the ticket. Fibers suspend where
 * threads block. <b>All methods may be called from any thread.</b> Within one reactor {@link
 * EventCount} costs less.
 */
public final class SharedEventCount {
  private final AtomicLong signals = new AtomicLong();

  private final CrossThreadCondition condition =
      new CrossThreadCondition() {
        @Override
        protected boolean attempt(long ticket) {
          return signals.get() != ticket;
        }
      };

  private SharedEventCount() {}

  /** {@return a new event count that any thread may use} */
  public static SharedEventCount create() {
    return new SharedEventCount();
  }

  /** {@return a ticket for {@link #await}: the number of signals so far} */
  public long ticket() {
    return signals.get();
  }

  /**
   * Waits for a signal after a ticket. Suspends or blocks unless there has been one.
   *
   * @param ticket from {@link #ticket}
   * @return a new ticket
   * @throws dev.weft.error.CancelledException if the fiber is cancelled or the thread interrupted;
   *     the interrupt status stays set
   * @throws WrongThreadException on a reactor's thread outside of its fibers
   */
  public long await(long ticket) {
    return await(ticket, Deadline.NEVER);
  }

  /**
   * Waits for a signal after a ticket, at most until {@code deadline}. Suspends or blocks unless
   * there has been one.
   *
   * @param ticket from {@link #ticket}
   * @param deadline when to stop waiting
   * @return a new ticket
   * @throws dev.weft.error.DeadlineExceededException if there was none in time
   * @throws dev.weft.error.CancelledException if the fiber is cancelled or the thread interrupted;
   *     the interrupt status stays set
   * @throws WrongThreadException on a reactor's thread outside of its fibers
   */
  public long await(long ticket, Deadline deadline) {
    condition.await("await", this, ticket, deadline.nanoTime());
    return signals.get();
  }

  /** Wakes all waiters, to check their conditions again. Does not wait. */
  public void signal() {
    StackReserve.check();
    signals.incrementAndGet();
    condition.wakeAll();
  }

  @Override
  public String toString() {
    return "shared event count (" + signals + " signals)";
  }
}

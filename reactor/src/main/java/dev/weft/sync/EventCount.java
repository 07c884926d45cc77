// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.Deadline;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import dev.weft.internal.strand.WaitNode;
import java.util.function.BooleanSupplier;

/**
 * Lets fibers wait until something holds that others bring about, without a lock: take a ticket,
 * look, and wait only for signals that come after the ticket.
 *
 * <p>
 *
 * {@snippet :
 * count.awaitUntil(() -> !queue.isEmpty()); // beside: queue.add(item); count.signal();
 * }
 */
public final class EventCount {
  private final EventLoop loop = EventLoop.require("make an event count");
  private final WaitList waiters = new WaitList();
  private long signals;

  private EventCount() {}

  /**
   * Makes an event count.
   *
   * @return an event count of the current reactor
   */
  public static EventCount create() {
    return new EventCount();
  }

  /**
   * How many signals there have been.
   *
   * @return a ticket for {@link #await}
   */
  public long ticket() {
    return signals;
  }

  /**
   * Waits for a signal after a ticket. Suspends unless there has been one.
   *
   * @param ticket from {@link #ticket}
   * @return a new ticket
   */
  public long await(long ticket) {
    return await(ticket, Deadline.NEVER);
  }

  /**
   * Waits for a signal after a ticket, but not for ever. Suspends unless there has been one.
   *
   * @param ticket from {@link #ticket}
   * @param deadline until when
   * @return a new ticket
   * @throws dev.weft.error.DeadlineExceededException if there was none
   */
  public long await(long ticket, Deadline deadline) {
    Strand strand = Strand.requireOf(loop, "await", this);
    strand.checkBeforeWait("await", this, deadline.nanoTime(), WaitMode.INTERNAL);
    if (ticket > signals) {
      throw new IllegalArgumentException("not a ticket of this event count: " + ticket);
    }
    if (ticket == signals) {
      strand.await(waiters, "await", this, deadline.nanoTime(), WaitMode.INTERNAL);
    }
    return signals;
  }

  /**
   * Waits until something holds. Suspends unless it does. It is looked at again after each signal
   * that reaches the caller.
   *
   * @param condition what to wait for; must not suspend
   */
  public void awaitUntil(BooleanSupplier condition) {
    awaitUntil(condition, Deadline.NEVER);
  }

  /**
   * Waits until something holds, but not for ever. Suspends unless it does.
   *
   * @param condition what to wait for; must not suspend
   * @param deadline until when
   * @throws dev.weft.error.DeadlineExceededException if it did not come to hold
   */
  public void awaitUntil(BooleanSupplier condition, Deadline deadline) {
    Strand strand = Strand.requireOf(loop, "await", this);
    strand.checkBeforeWait("await", this, deadline.nanoTime(), WaitMode.INTERNAL);
    while (true) {
      long ticket = signals;
      if (condition.getAsBoolean()) {
        return;
      }
      await(ticket, deadline);
    }
  }

  /**
   * Signals to the fiber that has waited longest. Does not suspend; may be called outside fibers.
   *
   * @return whether one waited
   */
  public boolean signal() {
    loop.requireThread("signal", this);
    signals++;
    return waiters.wakeOne();
  }

  /**
   * Signals to all fibers that wait. Does not suspend; may be called outside fibers.
   *
   * @return how many
   */
  public int signalAll() {
    loop.requireThread("signal", this);
    signals++;
    int count = 0;
    for (WaitNode clause; (clause = waiters.first()) != null; count++) {
      clause.fire();
    }
    return count;
  }

  @Override
  public String toString() {
    return "event count (" + signals + ")";
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.Deadline;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import dev.weft.internal.strand.WaitNode;
import java.util.function.BooleanSupplier;

/**
 * Lets fibers wait for a condition without a lock: take a ticket, check the condition, and wait
 * only for signals after the ticket.
 *
 * <p>
 *
 * {@snippet :
 * count.awaitUntil(() -> !queue.isEmpty()); // another fiber: queue.add(item); count.signal();
 * }
 */
public final class EventCount {
  private final EventLoop loop = EventLoop.require("make an event count");
  private final WaitList waiters = new WaitList();
  private long signals;

  private EventCount() {}

  /** {@return a new event count of the current reactor} */
  public static EventCount create() {
    return new EventCount();
  }

  /** {@return a ticket for {@link #await}: the number of signals so far} */
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
   * Waits for a signal after a ticket, at most until {@code deadline}. Suspends unless there has
   * been one.
   *
   * @param ticket from {@link #ticket}
   * @param deadline when to stop waiting
   * @return a new ticket
   * @throws dev.weft.error.DeadlineExceededException if there was none in time
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
   * Waits until a condition holds. Suspends unless it does. The condition is checked again after
   * each signal that wakes the caller.
   *
   * @param condition what to wait for; must not suspend
   */
  public void awaitUntil(BooleanSupplier condition) {
    awaitUntil(condition, Deadline.NEVER);
  }

  /**
   * Waits until a condition holds, at most until {@code deadline}. Suspends unless it does.
   *
   * @param condition what to wait for; must not suspend
   * @param deadline when to stop waiting
   * @throws dev.weft.error.DeadlineExceededException if the condition did not hold in time
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
   * Wakes the fiber that has waited longest. Does not suspend; may be called outside fibers.
   *
   * @return whether a fiber was waiting
   */
  public boolean signal() {
    loop.requireThread("signal", this);
    boolean woken = waiters.wakeOne();
    signals++;
    return woken;
  }

  /**
   * Wakes all waiting fibers. Does not suspend; may be called outside fibers.
   *
   * @return how many were waiting
   */
  public int signalAll() {
    loop.requireThread("signal", this);
    StackReserve.check();
    signals++;
    int count = 0;
    for (WaitNode node; (node = waiters.first()) != null; count++) {
      node.fire();
    }
    return count;
  }

  @Override
  public String toString() {
    return "event count (" + signals + ")";
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.Awaitable;
import dev.weft.Deadline;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Selectable;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;

/** Count-down latch for fibers. Once it has been counted down to zero, it stays open. */
public final class Latch implements Awaitable {
  static {
    Selectable.IN.register(Latch.class, latch -> latch.inside);
  }

  private final EventLoop loop = EventLoop.require("make a latch");
  private final WaitList waiters = new WaitList();
  private int count;

  private final Selectable inside =
      new Selectable() {
        @Override
        public EventLoop loop() {
          return Latch.this.loop;
        }

        @Override
        public WaitList waiters() {
          return waiters;
        }

        @Override
        public boolean take() {
          return count == 0;
        }
      };

  private Latch(int count) {
    this.count = count;
  }

  /**
   * Creates a latch.
   *
   * @param count how many times it must be counted down, at least 0
   * @return a latch of the current reactor
   */
  public static Latch of(int count) {
    if (count < 0) {
      throw new IllegalArgumentException("count must be at least 0: " + count);
    }
    return new Latch(count);
  }

  /**
   * Counts down by one; at zero the latch opens. Does not suspend; may be called outside fibers.
   *
   * @throws IllegalStateException if it is open already
   */
  public void countDown() {
    loop.requireThread("count down", this);
    if (count == 0) {
      throw new IllegalStateException("count down: the latch is open already");
    }
    if (count == 1) {
      StackReserve.check();
    }
    count--;
    if (count == 0) {
      waiters.wakeAll();
    }
  }

  /** Waits until it is open. Suspends unless it is. */
  public void await() {
    await(Deadline.NEVER);
  }

  /**
   * Waits until it is open, at most until {@code deadline}. Suspends unless it is.
   *
   * @param deadline when to stop waiting
   * @throws dev.weft.error.DeadlineExceededException if it has not opened in time
   */
  public void await(Deadline deadline) {
    Strand strand = Strand.requireOf(loop, "await", this);
    strand.checkBeforeWait("await", this, deadline.nanoTime(), WaitMode.INTERNAL);
    if (count > 0) {
      strand.await(waiters, "await", this, deadline.nanoTime(), WaitMode.INTERNAL);
    }
  }

  /** {@return how many times it must still be counted down; 0 if it is open} */
  public int count() {
    return count;
  }

  @Override
  public boolean isReady() {
    return count == 0;
  }

  @Override
  public String toString() {
    return count == 0 ? "latch (open)" : "latch (" + count + " to go)";
  }
}

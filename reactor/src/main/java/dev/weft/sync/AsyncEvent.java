// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.Awaitable;
import dev.weft.Deadline;
import dev.weft.error.ChannelClosedException;
import dev.weft.internal.cross.LoopMessage;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Selectable;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Auto-reset event that any thread can signal and the fibers of one reactor wait for. A signal
 * stays set until one fiber takes it; several signals before that count as one.
 */
public final class AsyncEvent implements Awaitable, AutoCloseable {
  static {
    Selectable.IN.register(AsyncEvent.class, event -> event.inside);
  }

  private final EventLoop loop = EventLoop.require("make an event");
  private final AtomicBoolean signalled = new AtomicBoolean();
  private final WaitList waiters = new WaitList();
  private volatile boolean closed;

  private final LoopMessage arrival =
      new LoopMessage(loop) {
        @Override
        protected void arrive() {
          if (closed) {
            waiters.wakeAll();
          } else if (signalled.get()) {
            waiters.wakeOne();
          }
        }
      };

  private final Selectable inside =
      new Selectable() {
        @Override
        public EventLoop loop() {
          return AsyncEvent.this.loop;
        }

        @Override
        public WaitList waiters() {
          return waiters;
        }

        @Override
        public boolean take() {
          return tryAwait();
        }
      };

  private AsyncEvent() {}

  /** {@return a new event of the current reactor} */
  public static AsyncEvent create() {
    return new AsyncEvent();
  }

  /**
   * Sets the signal. <b>May be called from any thread.</b> Wakes the reactor if it sleeps.
   *
   * @return false if no fiber can ever take the signal, because the event or its reactor is closed
   */
  public boolean signal() {
    if (closed) {
      return false;
    }
    StackReserve.check();
    return signalled.compareAndSet(false, true) ? arrival.post() : !arrival.isUndeliverable();
  }

  /**
   * Waits for the signal, and takes it. Suspends unless it is set.
   *
   * @throws ChannelClosedException if the event is closed
   */
  public void await() {
    await(Deadline.NEVER);
  }

  /**
   * Waits for the signal, at most until {@code deadline}, and takes it. Suspends unless it is set.
   *
   * @param deadline when to stop waiting
   * @throws ChannelClosedException if the event is closed
   * @throws dev.weft.error.DeadlineExceededException if there was no signal in time
   */
  public void await(Deadline deadline) {
    Strand strand = Strand.requireOf(loop, "await", this);
    strand.checkBeforeWait("await", this, deadline.nanoTime(), WaitMode.EXTERNAL);
    while (!tryAwait()) {
      strand.await(waiters, "await", this, deadline.nanoTime(), WaitMode.EXTERNAL);
    }
  }

  /**
   * Takes the signal if it is set. Does not suspend.
   *
   * @return whether it was set
   * @throws ChannelClosedException if the event is closed
   */
  public boolean tryAwait() {
    loop.requireThread("await", this);
    if (signalled.getAndSet(false)) {
      return true;
    }
    if (closed) {
      throw new ChannelClosedException("await " + this + ": it is closed");
    }
    return false;
  }

  /** {@return whether the signal is set or the event is closed} */
  @Override
  public boolean isReady() {
    return signalled.get() || closed;
  }

  /**
   * Closes the event. <b>May be called from any thread.</b> A signal that was set before can still
   * be taken; waiting fibers get a {@link ChannelClosedException}.
   */
  @Override
  public void close() {
    StackReserve.check();
    closed = true;
    arrival.post();
  }

  @Override
  public String toString() {
    return "event";
  }
}

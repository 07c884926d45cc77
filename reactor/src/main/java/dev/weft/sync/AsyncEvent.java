// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.Awaitable;
import dev.weft.Deadline;
import dev.weft.error.ChannelClosedException;
import dev.weft.internal.cross.LoopMessage;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Selectable;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A signal from any thread to the fibers of the reactor that made it. It stays until a fiber takes
 * it; several signals before that are one.
 */
public final class AsyncEvent implements Awaitable, AutoCloseable {
  static {
    Selectable.IN.register(AsyncEvent.class, event -> ((AsyncEvent) event).inside);
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

  /**
   * Makes an event.
   *
   * @return an event of the current reactor
   */
  public static AsyncEvent create() {
    return new AsyncEvent();
  }

  /**
   * Gives the signal. <b>Any thread.</b> Wakes the reactor if it sleeps.
   *
   * @return false if nobody can ever take it, because the event or its reactor is closed
   */
  public boolean signal() {
    if (closed) {
      return false;
    }
    return signalled.compareAndSet(false, true) ? arrival.post() : !arrival.isInVain();
  }

  /**
   * Waits for the signal, and takes it. Suspends unless it has been given.
   *
   * @throws ChannelClosedException if the event is closed
   */
  public void await() {
    await(Deadline.NEVER);
  }

  /**
   * Waits for the signal, but not for ever, and takes it. Suspends unless it has been given.
   *
   * @param deadline until when
   * @throws ChannelClosedException if the event is closed
   * @throws dev.weft.error.DeadlineExceededException if it did not come
   */
  public void await(Deadline deadline) {
    Strand strand = Strand.requireOf(loop, "await", this);
    strand.checkBeforeWait("await", this, deadline.nanoTime(), WaitMode.EXTERNAL);
    while (!tryAwait()) {
      strand.await(waiters, "await", this, deadline.nanoTime(), WaitMode.EXTERNAL);
    }
  }

  /**
   * Takes the signal if it has been given. Does not suspend.
   *
   * @return whether it had been
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

  /**
   * Whether a signal waits to be taken.
   *
   * @return true if so, or if the event is closed
   */
  @Override
  public boolean isReady() {
    return signalled.get() || closed;
  }

  /**
   * Ends the event. <b>Any thread.</b> A signal that was given before can still be taken; fibers
   * that wait get a {@link ChannelClosedException}.
   */
  @Override
  public void close() {
    closed = true;
    arrival.post();
  }

  @Override
  public String toString() {
    return "event";
  }
}

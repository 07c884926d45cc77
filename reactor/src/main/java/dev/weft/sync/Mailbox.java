// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.Deadline;
import dev.weft.error.ChannelClosedException;
import dev.weft.internal.cross.CloseGate;
import dev.weft.internal.cross.LoopMessage;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.SelectCase;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import dev.weft.internal.strand.WaitNode;
import java.util.Objects;
import java.util.Optional;
import org.jctools.queues.MessagePassingQueue;
import org.jctools.queues.atomic.MpscAtomicArrayQueue;
import org.jctools.queues.atomic.MpscUnboundedAtomicArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * Multi-producer mailbox: any thread sends values to the fibers of one reactor. The values of each
 * sender arrive in order. Sending never blocks.
 *
 * @param <T> the type of the values, which are not null
 */
public final class Mailbox<T> implements AutoCloseable {
  private static final int CHUNK = 64;

  private final EventLoop loop = EventLoop.require("make a mailbox");
  private final MessagePassingQueue<T> values;
  private final CloseGate gate = new CloseGate();
  private final WaitList waiters = new WaitList();

  private final LoopMessage arrival =
      new LoopMessage(loop) {
        @Override
        protected void arrive() {
          wake();
        }
      };

  private Mailbox(MessagePassingQueue<T> values) {
    this.values = values;
  }

  /**
   * Creates a mailbox without a capacity limit.
   *
   * @param <T> the type of the values
   * @return a mailbox of the current reactor
   */
  public static <T> Mailbox<T> unbounded() {
    return new Mailbox<>(new MpscUnboundedAtomicArrayQueue<>(CHUNK));
  }

  /**
   * Creates a mailbox that rejects values while it is full.
   *
   * @param <T> the type of the values
   * @param capacity how many values it holds, at least 1; rounded up to a power of two
   * @return a mailbox of the current reactor
   */
  public static <T> Mailbox<T> bounded(int capacity) {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity must be at least 1: " + capacity);
    }
    return new Mailbox<>(new MpscAtomicArrayQueue<>(capacity));
  }

  /**
   * Sends a value. <b>May be called from any thread.</b> Wakes the reactor if it sleeps.
   *
   * @param value not null
   * @return false if the value was rejected, because the mailbox is full, or it or its reactor is
   *     closed
   */
  public boolean offer(T value) {
    Objects.requireNonNull(value, "value");
    StackReserve.check();
    if (!gate.enter()) {
      return false;
    }
    boolean taken;
    try {
      taken = values.offer(value);
    } finally {
      gate.leave();
    }
    if (taken) {
      return arrival.post();
    }
    if (gate.isClosed()) {
      arrival.post(); // closed meanwhile: receivers wait for this sender to leave
    }
    return false;
  }

  /** Wakes as many receivers as there may be values. Called on the reactor's thread. */
  private void wake() {
    if (gate.isClosed()) {
      waiters.wakeAll();
      return;
    }
    for (int n = values.size(); n > 0 && waiters.wakeOne(); n--) {}
  }

  /**
   * Receives a value. Suspends until there is one.
   *
   * @return the oldest value
   * @throws ChannelClosedException if the mailbox is closed and nothing is left in it
   */
  public T receive() {
    return receive(Deadline.NEVER);
  }

  /**
   * Receives a value, at most until {@code deadline}. Suspends until there is one.
   *
   * @param deadline when to stop waiting
   * @return the oldest value
   * @throws ChannelClosedException if the mailbox is closed and nothing is left in it
   * @throws dev.weft.error.DeadlineExceededException if there was none in time
   */
  public T receive(Deadline deadline) {
    Strand strand = Strand.requireOf(loop, "receive", this);
    strand.checkBeforeWait("receive", this, deadline.nanoTime(), WaitMode.EXTERNAL);
    for (T value; ; ) {
      value = take();
      if (value != null) {
        return value;
      }
      strand.await(waiters, "receive", this, deadline.nanoTime(), WaitMode.EXTERNAL);
    }
  }

  /**
   * Receives a value if there is one. Does not suspend.
   *
   * @return the oldest value, or empty
   * @throws ChannelClosedException if the mailbox is closed and nothing is left in it
   */
  public Optional<T> tryReceive() {
    loop.requireThread("receive", this);
    return Optional.ofNullable(take());
  }

  private @Nullable T take() {
    // In this order: once the last sender has left the closed gate, no more values arrive.
    boolean over = gate.isShut();
    T value = values.poll();
    if (value == null && over) {
      throw new ChannelClosedException("receive " + this + ": it is closed");
    }
    return value;
  }

  /**
   * Closes the mailbox. <b>May be called from any thread.</b> Values in it can still be received;
   * after that, receivers get a {@link ChannelClosedException}.
   */
  @Override
  public void close() {
    StackReserve.check();
    gate.close();
    arrival.post();
  }

  SelectCase receiveCase() {
    return new ReceiveCase(this);
  }

  private static final class ReceiveCase extends SelectCase {
    private final Mailbox<?> mailbox;

    ReceiveCase(Mailbox<?> mailbox) {
      this.mailbox = mailbox;
    }

    @Override
    public @Nullable Object attempt() {
      return mailbox.take();
    }

    @Override
    public void enlist(WaitNode node) {
      mailbox.waiters.add(node);
    }

    @Override
    public @Nullable Object accept(WaitNode node) {
      return attempt();
    }

    @Override
    public boolean completesWhenFired() {
      return false; // another fiber may have taken the value
    }
  }

  EventLoop loop() {
    return loop;
  }

  @Override
  public String toString() {
    return "mailbox";
  }
}

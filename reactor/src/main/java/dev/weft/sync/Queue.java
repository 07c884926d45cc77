// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.Deadline;
import dev.weft.error.CancelledException;
import dev.weft.error.ChannelClosedException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.internal.cross.CloseGate;
import dev.weft.internal.cross.CrossThreadCondition;
import dev.weft.internal.cross.CrossThreadWaitQueue;
import dev.weft.internal.cross.CrossThreadWaiter;
import dev.weft.internal.jvm.StackReserve;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import java.util.Optional;
import org.jctools.queues.MessagePassingQueue;
import org.jctools.queues.atomic.MpmcAtomicArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * Bounded multi-producer, multi-consumer queue between fibers of any reactors and other threads.
 * Fibers suspend where threads block. <b>All methods may be called from any thread</b>; but a
 * reactor's thread, outside its fibers, must not call those that wait.
 *
 * <p>Values leave in FIFO order. Waiters are woken in FIFO order too, but a caller that did not
 * wait may take a value or a place before them.
 *
 * @param <T> the type of the values, which are not null
 */
public final class Queue<T> implements AutoCloseable {
  private final MessagePassingQueue<T> values;
  private final CloseGate gate = new CloseGate();
  private final CrossThreadWaitQueue senders = new CrossThreadWaitQueue();
  private final CrossThreadWaitQueue receivers = new CrossThreadWaitQueue();

  private Queue(int capacity) {
    values = new MpmcAtomicArrayQueue<>(capacity);
  }

  /**
   * Creates a queue.
   *
   * @param <T> the type of the values
   * @param capacity how many values it holds, at least 2; rounded up to a power of two
   * @return an open queue
   */
  public static <T> Queue<T> bounded(int capacity) {
    if (capacity < 2) {
      throw new IllegalArgumentException("capacity must be at least 2: " + capacity);
    }
    return new Queue<>(capacity);
  }

  // ---- sending

  /**
   * Sends a value. Suspends or blocks while the queue is full.
   *
   * @param value not null
   * @throws ChannelClosedException if the queue is closed; the value is not in it
   * @throws CancelledException if the fiber is cancelled or the thread interrupted; the interrupt
   *     status stays set
   */
  public void send(T value) {
    send(value, Deadline.NEVER);
  }

  /**
   * Sends a value, and waits at most until {@code deadline}. Suspends or blocks while the queue is
   * full.
   *
   * @param value not null
   * @param deadline when to stop waiting
   * @throws ChannelClosedException if the queue is closed; the value is not in it
   * @throws DeadlineExceededException if it stayed full; the value is not in it
   * @throws dev.weft.error.CancelledException if the fiber is cancelled or the thread interrupted;
   *     the interrupt status stays set
   */
  public void send(T value, Deadline deadline) {
    CrossThreadCondition.checkBeforeWait("send", this, deadline.nanoTime());
    while (!trySend(value)) {
      CrossThreadWaiter waiter = senders.enter("send");
      boolean woken = false;
      try {
        VarHandle.fullFence(); // register as a waiter before checking
        if (gate.isClosed() || values.size() < values.capacity()) {
          continue;
        }
        waiter.await("send", this, deadline.nanoTime());
        woken = true;
      } finally {
        if (!woken) {
          senders.leave(waiter);
        }
      }
    }
  }

  /**
   * Sends a value if there is room. Does not wait.
   *
   * @param value not null
   * @return whether the value was accepted
   * @throws ChannelClosedException if the queue is closed; the value is not in it
   */
  public boolean trySend(T value) {
    Objects.requireNonNull(value, "value");
    StackReserve.check();
    if (!gate.enter()) {
      throw new ChannelClosedException("send " + this + ": it is closed");
    }
    boolean taken;
    try {
      taken = values.offer(value);
    } finally {
      gate.leave();
    }
    VarHandle.fullFence(); // publish the value before checking for waiters
    if (gate.isClosed()) {
      receivers.wakeAll(); // they may have seen this sender inside, and so not the end
    } else if (taken) {
      receivers.wakeOne();
    }
    return taken;
  }

  // ---- receiving

  /**
   * Receives a value. Suspends or blocks until there is one.
   *
   * @return the oldest value
   * @throws ChannelClosedException if the queue is closed and nothing is left in it
   * @throws CancelledException if the fiber is cancelled or the thread interrupted; the interrupt
   *     status stays set
   */
  public T receive() {
    return receive(Deadline.NEVER);
  }

  /**
   * Receives a value, and waits at most until {@code deadline}. Suspends or blocks until there is
   * one.
   *
   * @param deadline when to stop waiting
   * @return the oldest value
   * @throws ChannelClosedException if the queue is closed and nothing is left in it
   * @throws DeadlineExceededException if there was none in time
   * @throws dev.weft.error.CancelledException if the fiber is cancelled or the thread interrupted;
   *     the interrupt status stays set
   */
  public T receive(Deadline deadline) {
    CrossThreadCondition.checkBeforeWait("receive", this, deadline.nanoTime());
    while (true) {
      T value = take();
      if (value != null) {
        return value;
      }
      CrossThreadWaiter waiter = receivers.enter("receive");
      boolean woken = false;
      try {
        VarHandle.fullFence(); // register as a waiter before checking
        if (gate.isShut() || !values.isEmpty()) {
          continue;
        }
        waiter.await("receive", this, deadline.nanoTime());
        woken = true;
      } finally {
        if (!woken) {
          receivers.leave(waiter);
        }
      }
    }
  }

  /**
   * Receives a value if there is one. Does not wait.
   *
   * @return the oldest value, or empty
   * @throws ChannelClosedException if the queue is closed and nothing is left in it
   */
  public Optional<T> tryReceive() {
    return Optional.ofNullable(take());
  }

  private @Nullable T take() {
    StackReserve.check();
    // In this order: once the last sender has left the closed gate, no more values arrive.
    boolean over = gate.isShut();
    T value = values.poll();
    if (value != null) {
      VarHandle.fullFence(); // make room before checking for waiters
      senders.wakeOne();
    } else if (over) {
      throw new ChannelClosedException("receive " + this + ": it is closed");
    }
    return value;
  }

  /**
   * Closes the queue. Senders get a {@link ChannelClosedException}, and so do receivers once
   * nothing is left in it.
   */
  @Override
  public void close() {
    StackReserve.check();
    gate.close();
    senders.wakeAll();
    receivers.wakeAll();
  }

  @Override
  public String toString() {
    return "queue (" + values.size() + " of " + values.capacity() + ")";
  }
}

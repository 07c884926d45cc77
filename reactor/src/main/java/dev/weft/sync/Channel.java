// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.Deadline;
import dev.weft.error.ChannelClosedException;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.SelectCase;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitCompletion;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import dev.weft.internal.strand.WaitNode;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Unbuffered or buffered channel between fibers of one reactor, in FIFO order. Any number of fibers
 * may send and receive. Handing a value to a waiting fiber does not suspend the other side.
 *
 * <p>{@link #done} ends the channel for all senders and receivers. It also serves as a broadcast:
 * each receiver, present or future, gets the buffered values and then a {@link
 * ChannelClosedException}.
 *
 * @param <T> the type of the values, which are not null
 */
public final class Channel<T> {
  /** Outcomes of a wait node: its value was transferred, or the channel ended. */
  private static final int HANDED_OVER = 1;

  private static final int ENDED = 2;

  private final EventLoop loop;

  /** Ring of buffered values, the oldest at {@link #head}; empty for a rendezvous. */
  private final @Nullable Object[] buffer;

  private int head;
  private int count;
  private boolean done;

  private final WaitList senders = new WaitList();
  private final WaitList receivers = new WaitList();

  /** Waiters for the end of the channel. */
  private final WaitList closeWaiters = new WaitList();

  private @Nullable String name;

  private Channel(int capacity) {
    loop = EventLoop.require("make a channel");
    buffer = new @Nullable Object[capacity];
  }

  /**
   * Creates an unbuffered channel: each sender waits until its value is received.
   *
   * @param <T> the type of the values
   * @return a channel of the current reactor
   */
  public static <T> Channel<T> rendezvous() {
    return new Channel<>(0);
  }

  /**
   * Creates a buffered channel: senders wait only while it is full.
   *
   * @param <T> the type of the values
   * @param capacity how many values it holds, at least 1
   * @return a channel of the current reactor
   */
  public static <T> Channel<T> buffered(int capacity) {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity must be at least 1: " + capacity);
    }
    return new Channel<>(capacity);
  }

  /**
   * Names the channel, for messages and dumps.
   *
   * @param name what it is called, instead of "channel"
   * @return this
   */
  public Channel<T> named(String name) {
    this.name = Objects.requireNonNull(name, "name");
    return this;
  }

  // ---- sending

  /**
   * Sends a value. Suspends until it is received or buffered.
   *
   * @param value not null
   * @throws ChannelClosedException if the channel has ended, or ends while the call waits; the
   *     value has not been received
   */
  public void send(T value) {
    send(value, Deadline.NEVER);
  }

  /**
   * Sends a value, and waits at most until {@code deadline}. Suspends until it is received or
   * buffered.
   *
   * @param value not null
   * @param deadline when to stop waiting
   * @throws ChannelClosedException if the channel has ended, or ends while the call waits; the
   *     value has not been received
   * @throws dev.weft.error.DeadlineExceededException if no fiber took the value in time; it has not
   *     been sent
   */
  public void send(T value, Deadline deadline) {
    Objects.requireNonNull(value, "value");
    Strand strand = Strand.requireOf(loop, "send", this);
    long effective = strand.checkBeforeWait("send", this, deadline.nanoTime(), WaitMode.INTERNAL);
    if (give(value)) {
      return;
    }
    strand.waiting.node().value = value;
    strand.awaitUntil(senders, "send", this, effective, WaitMode.INTERNAL, SENT);
  }

  private static final WaitCompletion SENT =
      new WaitCompletion() {
        @Override
        public @Nullable Object resultOf(Strand strand, boolean suspended) {
          WaitNode node = strand.waiting.node();
          try {
            strand.waiting.waited(suspended);
          } catch (RuntimeException e) {
            node.value = null;
            throw e;
          }
          if (node.outcome == ENDED) {
            throw ((Channel<?>) strand.waiting.subject()).ended("send");
          }
          return null;
        }
      };

  /**
   * Sends a value if that is possible without waiting. Does not suspend; may be called outside
   * fibers.
   *
   * @param value not null
   * @return whether it was received or buffered
   * @throws ChannelClosedException if the channel has ended
   */
  public boolean trySend(T value) {
    Objects.requireNonNull(value, "value");
    loop.requireThread("send", this);
    return give(value);
  }

  private boolean give(Object value) {
    if (done) {
      throw ended("send");
    }
    WaitNode receiver = receivers.first();
    if (receiver != null) {
      receiver.fire(); // first, since it may throw
      receiver.value = value;
      receiver.outcome = HANDED_OVER;
      return true;
    }
    if (count == buffer.length) {
      return false;
    }
    append(value);
    return true;
  }

  private void append(@Nullable Object value) {
    int tail = head + count;
    buffer[tail < buffer.length ? tail : tail - buffer.length] = value;
    count++;
  }

  // ---- receiving

  /**
   * Receives a value. Suspends until there is one.
   *
   * @return the value sent first
   * @throws ChannelClosedException if the channel has ended and nothing is left in it
   */
  public T receive() {
    return receive(Deadline.NEVER);
  }

  /**
   * Receives a value, and waits at most until {@code deadline}. Suspends until there is one.
   *
   * @param deadline when to stop waiting
   * @return the value sent first
   * @throws ChannelClosedException if the channel has ended and nothing is left in it
   * @throws dev.weft.error.DeadlineExceededException if there was none in time
   */
  @SuppressWarnings({"unchecked", "NullAway"}) // RECEIVED returns what give has put there
  public T receive(Deadline deadline) {
    Strand strand = Strand.requireOf(loop, "receive", this);
    long effective =
        strand.checkBeforeWait("receive", this, deadline.nanoTime(), WaitMode.INTERNAL);
    T value = take();
    if (value != null) {
      return value;
    }
    return (T)
        strand.awaitResult(receivers, "receive", this, effective, WaitMode.INTERNAL, RECEIVED);
  }

  private static final WaitCompletion RECEIVED = new Received(false);
  private static final WaitCompletion RECEIVED_OR_ENDED = new Received(true);

  private static final class Received extends WaitCompletion {
    private final boolean mayEnd;

    Received(boolean mayEnd) {
      this.mayEnd = mayEnd;
    }

    @Override
    public @Nullable Object resultOf(Strand strand, boolean suspended) {
      strand.waiting.waited(suspended);
      WaitNode node = strand.waiting.node();
      Channel<?> channel = (Channel<?>) strand.waiting.subject();
      if (node.outcome != ENDED) {
        return channel.received(node);
      }
      if (mayEnd) {
        return null;
      }
      throw channel.ended("receive");
    }
  }

  /**
   * Receives a value, or finds the end: for loops over all values. Suspends until there is one.
   *
   * <p>
   *
   * {@snippet :
   * for (String line; (line = lines.next()) != null; ) {
   *   print(line);
   * }
   * }
   *
   * @return the value sent first; null if the channel has ended and nothing is left in it
   */
  public @Nullable T next() {
    return next(Deadline.NEVER);
  }

  /**
   * Receives a value, or finds the end; waits at most until {@code deadline}. Suspends until there
   * is one.
   *
   * @param deadline when to stop waiting
   * @return the value sent first; null if the channel has ended and nothing is left in it
   * @throws dev.weft.error.DeadlineExceededException if there was neither in time
   */
  @SuppressWarnings("unchecked") // RECEIVED_OR_ENDED returns what give has put there
  public @Nullable T next(Deadline deadline) {
    Strand strand = Strand.requireOf(loop, "receive", this);
    long effective =
        strand.checkBeforeWait("receive", this, deadline.nanoTime(), WaitMode.INTERNAL);
    if (isDrained()) {
      return null;
    }
    T value = take();
    if (value != null) {
      return value;
    }
    return (T)
        strand.awaitResult(
            receivers, "receive", this, effective, WaitMode.INTERNAL, RECEIVED_OR_ENDED);
  }

  /**
   * Receives a value if there is one. Does not suspend; may be called outside fibers.
   *
   * @return the value sent first, or empty
   * @throws ChannelClosedException if the channel has ended and nothing is left in it
   */
  public Optional<T> tryReceive() {
    loop.requireThread("receive", this);
    return Optional.ofNullable(take());
  }

  /** Returns the value transferred to {@code node}. */
  private T received(WaitNode node) {
    @SuppressWarnings("unchecked") // put there by give
    T value = (T) node.value;
    node.value = null;
    assert value != null;
    return value;
  }

  /** Takes the oldest value; null if there is none yet. */
  private @Nullable T take() {
    WaitNode sender = senders.first();
    if (done) {
      requireNotDrained();
      StackReserve.check(); // others may have to learn that it is drained
    } else if (count == 0 && sender == null) {
      return null;
    }
    assert sender == null || count == buffer.length : this;
    Object sent = null;
    if (sender != null) {
      sender.fire(); // first, since it may throw
      sent = sender.value;
      sender.value = null;
      sender.outcome = HANDED_OVER;
    }
    Object value = sent;
    if (count > 0) { // and full if a sender waits
      value = buffer[head];
      buffer[head] = sent;
      head = head + 1 == buffer.length ? 0 : head + 1;
      count -= sender == null ? 1 : 0;
    }
    if (isDrained()) {
      closeWaiters.wakeAll();
    }
    @SuppressWarnings("unchecked") // put there by send
    T taken = (T) value;
    return taken;
  }

  private void requireNotDrained() {
    if (count == 0) {
      throw ended("receive");
    }
  }

  // ---- the end

  /**
   * Ends the channel. Waiting senders get a {@link ChannelClosedException}; receivers, present or
   * future, get the buffered values and then the same exception. Does nothing if it has ended. May
   * be called outside fibers.
   */
  public void done() {
    loop.requireThread("end", this);
    if (done) {
      return;
    }
    StackReserve.check();
    done = true;
    if (isDrained()) {
      closeWaiters.wakeAll(); // first: a select that waits for the end must not get the exception
    }
    endAll(senders);
    endAll(receivers);
  }

  private static void endAll(WaitList list) {
    for (WaitNode node; (node = list.first()) != null; ) {
      node.value = null;
      node.outcome = ENDED;
      node.fire();
    }
  }

  /** {@return whether {@link #done} has been called, so that nothing more can be sent} */
  public boolean isDone() {
    return done;
  }

  /** Whether it has ended and nothing is left in it. */
  private boolean isDrained() {
    return done && count == 0;
  }

  // ---- cases of a select

  SelectCase receiveCase() {
    return new ReceiveCase(this);
  }

  SelectCase sendCase(Object value) {
    return new SendCase(this, value);
  }

  SelectCase closedCase() {
    return new ClosedCase(this);
  }

  private abstract static class ChannelCase extends SelectCase {
    final Channel<?> channel;

    /** Whether a case of the same select takes the end of the channel. */
    boolean hasClosedCase;

    ChannelCase(Channel<?> channel) {
      this.channel = channel;
    }

    @Override
    public final void linkClosedCase(SelectCase other) {
      hasClosedCase |= other instanceof ClosedCase end && end.channel == channel;
    }

    @Override
    public final boolean completesWhenFired() {
      return true;
    }

    final void requireNotEnded(WaitNode node) {
      if (node.outcome == ENDED) {
        throw channel.ended("choose");
      }
    }
  }

  private static final class ReceiveCase extends ChannelCase {
    ReceiveCase(Channel<?> channel) {
      super(channel);
    }

    @Override
    public @Nullable Object attempt() {
      return hasClosedCase && channel.isDrained() ? null : channel.take();
    }

    @Override
    public void enlist(WaitNode node) {
      node.value = null;
      channel.receivers.add(node);
    }

    @Override
    public Object accept(WaitNode node) {
      requireNotEnded(node);
      return channel.received(node);
    }
  }

  private static final class SendCase extends ChannelCase {
    private final Object value;

    SendCase(Channel<?> channel, Object value) {
      super(channel);
      this.value = value;
    }

    @Override
    public @Nullable Object attempt() {
      return !(hasClosedCase && channel.isDone()) && channel.give(value) ? DONE : null;
    }

    @Override
    public void enlist(WaitNode node) {
      node.value = value;
      channel.senders.add(node);
    }

    @Override
    public Object accept(WaitNode node) {
      requireNotEnded(node);
      return DONE;
    }
  }

  private static final class ClosedCase extends ChannelCase {
    ClosedCase(Channel<?> channel) {
      super(channel);
    }

    @Override
    public @Nullable Object attempt() {
      return channel.isDrained() ? DONE : null;
    }

    @Override
    public void enlist(WaitNode node) {
      channel.closeWaiters.add(node);
    }

    @Override
    public Object accept(WaitNode node) {
      return DONE;
    }
  }

  EventLoop loop() {
    return loop;
  }

  private ChannelClosedException ended(String verb) {
    return new ChannelClosedException(verb + " " + this + ": it has ended");
  }

  @Override
  public String toString() {
    String fill = buffer.length == 0 ? "" : " (" + count + " of " + buffer.length + ")";
    return (name == null ? "channel" : name) + fill;
  }
}

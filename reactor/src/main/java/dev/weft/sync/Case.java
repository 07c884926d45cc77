// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.internal.strand.Selectable;
import dev.weft.internal.strand.WaitNode;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One alternative of a {@link Choose}. */
abstract class Case<R extends @Nullable Object> {
  /** Performs it if that is possible now; returns the value for {@link #result}, or null if not. */
  abstract @Nullable Object attempt();

  /** Adds {@code node} to the wait list that fires it when the operation may be possible. */
  abstract void enlist(WaitNode node);

  /**
   * Returns the value that came with the firing of {@code node}; null if the operation has not been
   * performed and must be attempted again.
   */
  abstract @Nullable Object accept(WaitNode node);

  /** Returns what the user's handler makes of {@code got}. May suspend. */
  abstract R result(Object got);

  /** As {@link #result}, for a case with {@link #completesWhenFired}. */
  abstract @Nullable Object plainResult(Object got);

  /** Whether the firing of its node completes it, and its handler is known not to suspend. */
  abstract boolean completesWhenFired();

  /** Notifies this case that {@code other} is in the same select. */
  void linkClosedCase(Case<?> other) {}

  /** A case that receives a value. */
  abstract static class ValueCase<T, R extends @Nullable Object> extends Case<R> {
    private final Choose.Handler<? super T, ? extends R> handler;

    ValueCase(Choose.Handler<? super T, ? extends R> handler) {
      this.handler = Objects.requireNonNull(handler, "handler");
    }

    @Override
    @SuppressWarnings("unchecked") // its own value
    final R result(Object got) {
      return handler.handle((T) got);
    }

    @Override
    final @Nullable Object plainResult(Object got) {
      return NonSuspendingHandlers.handle(handler, got);
    }

    @Override
    boolean completesWhenFired() {
      return NonSuspendingHandlers.does(handler);
    }
  }

  /** A case without a value. */
  abstract static class SignalCase<R extends @Nullable Object> extends Case<R> {
    /** Stands for the missing value. */
    static final Object DONE = "done";

    private final Choose.Outcome<? extends R> outcome;

    SignalCase(Choose.Outcome<? extends R> outcome) {
      this.outcome = Objects.requireNonNull(outcome, "outcome");
    }

    @Override
    final R result(Object got) {
      return outcome.get();
    }

    @Override
    final @Nullable Object plainResult(Object got) {
      return NonSuspendingHandlers.get(outcome);
    }

    @Override
    boolean completesWhenFired() {
      return NonSuspendingHandlers.does(outcome);
    }
  }

  static final class Receive<T, R extends @Nullable Object> extends ValueCase<T, R> {
    private final Channel<T> channel;
    private boolean hasClosedCase;

    Receive(Channel<T> channel, Choose.Handler<? super T, ? extends R> handler) {
      super(handler);
      this.channel = channel;
    }

    @Override
    void linkClosedCase(Case<?> other) {
      hasClosedCase |= other instanceof Closed<?> end && end.channel == channel;
    }

    @Override
    @Nullable Object attempt() {
      return hasClosedCase && channel.isDrained() ? null : channel.take();
    }

    @Override
    void enlist(WaitNode node) {
      node.value = null;
      channel.receivers.add(node);
    }

    @Override
    Object accept(WaitNode node) {
      if (node.outcome == Channel.ENDED) {
        throw channel.ended("choose");
      }
      return channel.received(node);
    }
  }

  static final class Send<T, R extends @Nullable Object> extends SignalCase<R> {
    private final Channel<T> channel;
    private boolean hasClosedCase;
    private final T value;

    Send(Channel<T> channel, T value, Choose.Outcome<? extends R> outcome) {
      super(outcome);
      this.channel = channel;
      this.value = value;
    }

    @Override
    void linkClosedCase(Case<?> other) {
      hasClosedCase |= other instanceof Closed<?> end && end.channel == channel;
    }

    @Override
    @Nullable Object attempt() {
      return !(hasClosedCase && channel.isDone()) && channel.give(value) ? DONE : null;
    }

    @Override
    void enlist(WaitNode node) {
      node.value = value;
      channel.senders.add(node);
    }

    @Override
    Object accept(WaitNode node) {
      if (node.outcome == Channel.ENDED) {
        throw channel.ended("choose");
      }
      return DONE;
    }
  }

  static final class Closed<R extends @Nullable Object> extends SignalCase<R> {
    private final Channel<?> channel;

    Closed(Channel<?> channel, Choose.Outcome<? extends R> outcome) {
      super(outcome);
      this.channel = channel;
    }

    @Override
    @Nullable Object attempt() {
      return channel.isDrained() ? DONE : null;
    }

    @Override
    void enlist(WaitNode node) {
      channel.closeWaiters.add(node);
    }

    @Override
    Object accept(WaitNode node) {
      return DONE;
    }
  }

  static final class FromMailbox<T, R extends @Nullable Object> extends ValueCase<T, R> {
    private final Mailbox<T> mailbox;

    FromMailbox(Mailbox<T> mailbox, Choose.Handler<? super T, ? extends R> handler) {
      super(handler);
      this.mailbox = mailbox;
    }

    @Override
    @Nullable Object attempt() {
      return mailbox.take();
    }

    @Override
    void enlist(WaitNode node) {
      mailbox.waiters.add(node);
    }

    @Override
    @Nullable Object accept(WaitNode node) {
      return attempt();
    }

    @Override
    boolean completesWhenFired() {
      return false; // another fiber may have taken the value
    }
  }

  static final class EventCase<R extends @Nullable Object> extends SignalCase<R> {
    private final Selectable event;

    EventCase(Selectable event, Choose.Outcome<? extends R> outcome) {
      super(outcome);
      this.event = event;
    }

    @Override
    @Nullable Object attempt() {
      return event.take() ? DONE : null;
    }

    @Override
    void enlist(WaitNode node) {
      event.waiters().add(node);
    }

    @Override
    @Nullable Object accept(WaitNode node) {
      return attempt();
    }

    @Override
    boolean completesWhenFired() {
      return false; // another fiber may have taken it
    }
  }
}

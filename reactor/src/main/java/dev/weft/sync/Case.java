// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.internal.strand.Selectable;
import dev.weft.internal.strand.WaitNode;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One of the things that a {@link Choose} chooses from. */
abstract class Case<R extends @Nullable Object> {
  /** Does it, if that is possible now. Returns what it has got, for {@link #result}, or null. */
  abstract @Nullable Object attempt();

  /** Puts {@code node} where it will be fired when it is possible. */
  abstract void enlist(WaitNode clause);

  /**
   * What it has got by the firing of {@code node}; null if it has not been done thereby, and is to
   * be attempted again.
   */
  abstract @Nullable Object accept(WaitNode clause);

  /** What the user makes of {@code got}. May suspend. */
  abstract R result(Object got);

  /** As {@link #result}, for a case that {@link #isSettled}. */
  abstract @Nullable Object plainResult(Object got);

  /**
   * Whether it is done once its clause has fired, and what the user makes of it does not suspend.
   */
  abstract boolean isSettled();

  /** Takes note that {@code other} is in the same choice. */
  void linkClosedCase(Case<?> other) {}

  /** One that gets a value. */
  abstract static class ValueCase<T, R extends @Nullable Object> extends Case<R> {
    private final Choose.Handler<? super T, ? extends R> handler;

    ValueCase(Choose.Handler<? super T, ? extends R> handler) {
      this.handler = Objects.requireNonNull(handler, "handler");
    }

    @Override
    @SuppressWarnings("unchecked") // of this case
    final R result(Object got) {
      return handler.handle((T) got);
    }

    @Override
    final @Nullable Object plainResult(Object got) {
      return NonSuspendingHandlers.handle(handler, got);
    }

    @Override
    boolean isSettled() {
      return NonSuspendingHandlers.does(handler);
    }
  }

  /** One that gets nothing. */
  abstract static class SignalCase<R extends @Nullable Object> extends Case<R> {
    /** What there is instead of a value. */
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
    boolean isSettled() {
      return NonSuspendingHandlers.does(outcome);
    }
  }

  static final class Receive<T, R extends @Nullable Object> extends ValueCase<T, R> {
    private final Channel<T> channel;
    private boolean endIsMinded;

    Receive(Channel<T> channel, Choose.Handler<? super T, ? extends R> handler) {
      super(handler);
      this.channel = channel;
    }

    @Override
    void linkClosedCase(Case<?> other) {
      endIsMinded |= other instanceof Closed<?> end && end.channel == channel;
    }

    @Override
    @Nullable Object attempt() {
      return endIsMinded && channel.isDrained() ? null : channel.take();
    }

    @Override
    void enlist(WaitNode clause) {
      clause.value = null;
      channel.receivers.add(clause);
    }

    @Override
    Object accept(WaitNode clause) {
      if (clause.outcome == Channel.ENDED) {
        throw channel.ended("choose");
      }
      return channel.received(clause);
    }
  }

  static final class Send<T, R extends @Nullable Object> extends SignalCase<R> {
    private final Channel<T> channel;
    private boolean endIsMinded;
    private final T value;

    Send(Channel<T> channel, T value, Choose.Outcome<? extends R> outcome) {
      super(outcome);
      this.channel = channel;
      this.value = value;
    }

    @Override
    void linkClosedCase(Case<?> other) {
      endIsMinded |= other instanceof Closed<?> end && end.channel == channel;
    }

    @Override
    @Nullable Object attempt() {
      return !(endIsMinded && channel.isDone()) && channel.give(value) ? DONE : null;
    }

    @Override
    void enlist(WaitNode clause) {
      clause.value = value;
      channel.senders.add(clause);
    }

    @Override
    Object accept(WaitNode clause) {
      if (clause.outcome == Channel.ENDED) {
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
    void enlist(WaitNode clause) {
      channel.closeWaiters.add(clause);
    }

    @Override
    Object accept(WaitNode clause) {
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
    void enlist(WaitNode clause) {
      mailbox.waiters.add(clause);
    }

    @Override
    @Nullable Object accept(WaitNode clause) {
      return attempt();
    }

    @Override
    boolean isSettled() {
      return false; // another may have taken it
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
    void enlist(WaitNode clause) {
      event.waiters().add(clause);
    }

    @Override
    @Nullable Object accept(WaitNode clause) {
      return attempt();
    }

    @Override
    boolean isSettled() {
      return false; // another may have been first
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.internal.sched.Clause;
import dev.weft.internal.sched.Event;
import org.jspecify.annotations.Nullable;

/** One of the things that a {@link Choose} chooses from. */
abstract class Case<R extends @Nullable Object> {
  /** Does it, if that is possible now, so that {@link #result} can be called. */
  abstract boolean attempt();

  /** Puts {@code clause} where it will be fired when it is possible. */
  abstract void enlist(Clause clause);

  /** Whether it has been done by firing {@code clause}; if not, it is to be attempted again. */
  abstract boolean accept(Clause clause);

  /** What comes of it. */
  abstract R result();

  /** Takes note that {@code other} is in the same choice. */
  void minds(Case<?> other) {}

  static final class Receive<T, R extends @Nullable Object> extends Case<R> {
    private final Channel<T> channel;
    private boolean endIsMinded;
    private final Choose.Handler<? super T, ? extends R> handler;
    private @Nullable T received;

    Receive(Channel<T> channel, Choose.Handler<? super T, ? extends R> handler) {
      this.channel = channel;
      this.handler = handler;
    }

    @Override
    void minds(Case<?> other) {
      endIsMinded |= other instanceof Closed<?> end && end.channel == channel;
    }

    @Override
    boolean attempt() {
      received = endIsMinded && channel.isOver() ? null : channel.take();
      return received != null;
    }

    @Override
    void enlist(Clause clause) {
      clause.value = null;
      channel.receivers.add(clause);
    }

    @Override
    boolean accept(Clause clause) {
      if (clause.outcome == Channel.ENDED) {
        throw channel.ended("choose");
      }
      received = channel.received(clause);
      return true;
    }

    @Override
    R result() {
      T value = received;
      received = null;
      assert value != null;
      return handler.handle(value);
    }
  }

  static final class Send<T, R extends @Nullable Object> extends Case<R> {
    private final Channel<T> channel;
    private boolean endIsMinded;
    private final T value;
    private final Choose.Outcome<? extends R> outcome;

    Send(Channel<T> channel, T value, Choose.Outcome<? extends R> outcome) {
      this.channel = channel;
      this.value = value;
      this.outcome = outcome;
    }

    @Override
    void minds(Case<?> other) {
      endIsMinded |= other instanceof Closed<?> end && end.channel == channel;
    }

    @Override
    boolean attempt() {
      return !(endIsMinded && channel.isDone()) && channel.give(value);
    }

    @Override
    void enlist(Clause clause) {
      clause.value = value;
      channel.senders.add(clause);
    }

    @Override
    boolean accept(Clause clause) {
      if (clause.outcome == Channel.ENDED) {
        throw channel.ended("choose");
      }
      return true;
    }

    @Override
    R result() {
      return outcome.get();
    }
  }

  static final class Closed<R extends @Nullable Object> extends Case<R> {
    private final Channel<?> channel;
    private final Choose.Outcome<? extends R> outcome;

    Closed(Channel<?> channel, Choose.Outcome<? extends R> outcome) {
      this.channel = channel;
      this.outcome = outcome;
    }

    @Override
    boolean attempt() {
      return channel.isOver();
    }

    @Override
    void enlist(Clause clause) {
      channel.mourners.add(clause);
    }

    @Override
    boolean accept(Clause clause) {
      return true;
    }

    @Override
    R result() {
      return outcome.get();
    }
  }

  static final class FromMailbox<T, R extends @Nullable Object> extends Case<R> {
    private final Mailbox<T> mailbox;
    private final Choose.Handler<? super T, ? extends R> handler;
    private @Nullable T received;

    FromMailbox(Mailbox<T> mailbox, Choose.Handler<? super T, ? extends R> handler) {
      this.mailbox = mailbox;
      this.handler = handler;
    }

    @Override
    boolean attempt() {
      received = mailbox.take();
      return received != null;
    }

    @Override
    void enlist(Clause clause) {
      mailbox.waiters.add(clause);
    }

    @Override
    boolean accept(Clause clause) {
      return attempt();
    }

    @Override
    R result() {
      T value = received;
      received = null;
      assert value != null;
      return handler.handle(value);
    }
  }

  static final class Happening<R extends @Nullable Object> extends Case<R> {
    private final Event event;
    private final Choose.Outcome<? extends R> outcome;

    Happening(Event event, Choose.Outcome<? extends R> outcome) {
      this.event = event;
      this.outcome = outcome;
    }

    @Override
    boolean attempt() {
      return event.take();
    }

    @Override
    void enlist(Clause clause) {
      event.waiters().add(clause);
    }

    @Override
    boolean accept(Clause clause) {
      return event.take();
    }

    @Override
    R result() {
      return outcome.get();
    }
  }
}

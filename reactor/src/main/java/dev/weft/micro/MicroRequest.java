// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A message between two micro-threads of a process, and its answer. It carries references: nothing
 * is copied, and null is none. It is in one thread's queue at a time, is answered once at most, and
 * may be used again once it has been taken.
 *
 * @param <Q> what is asked
 * @param <R> what is answered
 */
public final class MicroRequest<Q, R> {
  /** In a thread's queue: on its way to the callee, or back to the asker. */
  private static final int QUEUED = 1;

  /** Its asker waits for the answer. */
  private static final int AWAITED = 2;

  /** What it carries is the answer. */
  private static final int ANSWERED = 4;

  @Nullable MicroThread asker;
  @Nullable MicroThread callee;
  private @Nullable Object message;
  @Nullable MicroRequest<?, ?> next;

  // ---- the neighbours in the list of those that the callee is to answer; see MicroCaller
  @Nullable MicroRequest<?, ?> olderAwaited;
  @Nullable MicroRequest<?, ?> newerAwaited;

  /** Of the three above. */
  private int state;

  /** A request to be sent. */
  public MicroRequest() {}

  /**
   * Who sent it.
   *
   * @return the thread that gets what is responded
   * @throws IllegalStateException if it was not sent
   */
  public MicroThread asker() {
    MicroThread thread = asker;
    if (thread == null) {
      throw new IllegalStateException("the request was not sent");
    }
    return thread;
  }

  /**
   * What is asked.
   *
   * @return what was given to {@code request} or {@code send}
   */
  public Q question() {
    if (isAnswered()) {
      throw new IllegalStateException("the request has been answered");
    }
    return taken();
  }

  /**
   * What was answered.
   *
   * @return what was given to {@code respond}
   */
  public R answer() {
    if (!isAnswered()) {
      throw new IllegalStateException("the request has not been answered");
    }
    return taken();
  }

  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // as those who put it said
  <T> T taken() {
    Object found = message;
    if (found == null) {
      throw new IllegalStateException("the request was not sent");
    }
    return (T) found;
  }

  boolean isAnswered() {
    return (state & ANSWERED) != 0;
  }

  boolean isAwaited() {
    return (state & AWAITED) != 0;
  }

  /** Carries what is asked, on its way to a thread's queue. */
  void ask(Object question, boolean awaited) {
    if ((state & QUEUED) != 0) {
      throw new IllegalStateException("the request is on its way already");
    }
    load(question);
    state = awaited ? QUEUED | AWAITED : QUEUED;
  }

  /** Carries the answer; returns whether the asker waits for it, and needs no queue. */
  boolean respond(Object answer) {
    int before = state;
    if ((before & (QUEUED | ANSWERED)) != 0) {
      throw new IllegalStateException(
          (before & ANSWERED) != 0
              ? "the request has been answered already"
              : "the request is on its way still: it has to be listened for first");
    }
    load(answer);
    boolean awaited = (before & AWAITED) != 0;
    state = awaited ? ANSWERED : ANSWERED | QUEUED;
    return awaited;
  }

  private void load(Object carried) {
    Objects.requireNonNull(carried, "a request carries no null");
    if (message != carried) {
      message = carried;
    }
  }

  /** Has left a queue. */
  void take() {
    state &= ~QUEUED;
    if (next != null) {
      next = null;
    }
  }

  /** Nobody waits for the answer any more. */
  void forget() {
    state &= ~AWAITED;
  }

  /** There will be no answer: its callee has ended, and its queue with it. */
  void abandon() {
    take();
    forget();
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Message between two micro-threads of a process, and its answer. It carries references, which are
 * not copied and must not be null. It is in one thread's queue at a time, is answered at most once,
 * and may be reused once it has been received.
 *
 * @param <Q> the type of the question
 * @param <R> the type of the answer
 */
public final class MicroRequest<Q, R> {
  /** In the queue of the callee, or back in that of the asker. */
  private static final int QUEUED = 1;

  /** The asker waits for the answer. */
  private static final int AWAITED = 2;

  /** It carries the answer, not the question. */
  private static final int ANSWERED = 4;

  @Nullable MicroThread asker;
  @Nullable MicroThread callee;
  private @Nullable Object message;
  @Nullable MicroRequest<?, ?> next;

  // ---- neighbours in the list of requests that the callee has to answer; see ThreadCalls
  @Nullable MicroRequest<?, ?> olderAwaited;
  @Nullable MicroRequest<?, ?> newerAwaited;

  /** A set of the three flags above. */
  private int state;

  /** Creates a request that has not been sent. */
  public MicroRequest() {}

  /**
   * {@return the thread that sent the request and receives the answer}
   *
   * @throws IllegalStateException if the request was not sent
   */
  public MicroThread asker() {
    MicroThread thread = asker;
    if (thread == null) {
      throw new IllegalStateException("the request was not sent");
    }
    return thread;
  }

  /** {@return the question: the message passed to {@code request} or {@code send}} */
  public Q question() {
    if (isAnswered()) {
      throw new IllegalStateException("the request has been answered");
    }
    return taken();
  }

  /** {@return the answer: the message passed to {@code respond}} */
  public R answer() {
    if (!isAnswered()) {
      throw new IllegalStateException("the request has not been answered");
    }
    return taken();
  }

  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // the sender chose the type
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

  /** Loads the question, before the request is queued. */
  void ask(Object question, boolean awaited) {
    if ((state & QUEUED) != 0) {
      throw new IllegalStateException("the request is on its way already");
    }
    load(question);
    state = awaited ? QUEUED | AWAITED : QUEUED;
  }

  /** Loads the answer; returns whether the asker waits for it, so that it need not be queued. */
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

  /** Marks the request as removed from its queue. */
  void take() {
    state &= ~QUEUED;
    if (next != null) {
      next = null;
    }
  }

  /** Marks the request as no longer awaited. */
  void forget() {
    state &= ~AWAITED;
  }

  /** Ends the request without an answer: the callee has ended, and its queue with it. */
  void abandon() {
    take();
    forget();
  }
}

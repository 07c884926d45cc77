// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Message between two threads of a process, and its answer: a node of the receiver's {@link Inbox}.
 *
 * {@snippet :
 *   new --send----> QUEUED -----------listen--> taken --respond--> QUEUED | ANSWERED --recv--> taken
 *   new --request-> QUEUED | AWAITED --listen-> AWAITED --respond-> ANSWERED
 * }
 */
public abstract class Message {
  /** In the queue of the callee, or back in that of the asker. */
  static final int QUEUED = 1;

  /** The asker waits for the answer. */
  static final int AWAITED = 2;

  /** It carries the answer, not the question. */
  static final int ANSWERED = 4;

  @Nullable ThreadControl asker;
  @Nullable ThreadControl callee;
  @Nullable Object payload;
  @Nullable Message next;

  // ---- neighbours in the list of requests that the callee has to answer; see Inbox
  @Nullable Message olderAwaited;
  @Nullable Message newerAwaited;

  /** A set of the three flags above. */
  int state;

  protected Message() {}

  /** The thread that sent it; throws if it was not sent. */
  protected final ThreadControl sender() {
    ThreadControl thread = asker;
    if (thread == null) {
      throw new IllegalStateException("the request was not sent");
    }
    return thread;
  }

  /** What it carries: the question, or the answer. */
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // the sender chose the type
  protected final <T> T payload() {
    Object found = payload;
    if (found == null) {
      throw new IllegalStateException("the request was not sent");
    }
    return (T) found;
  }

  protected final boolean isAnswered() {
    return (state & ANSWERED) != 0;
  }

  final boolean isAwaited() {
    return (state & AWAITED) != 0;
  }

  /** Checks that it can be sent with this question. */
  final void requireFree(Object question) {
    if ((state & QUEUED) != 0) {
      throw new IllegalStateException("the request is in a queue already");
    }
    requireContent(question);
  }

  /** Checks that it can be answered by this answer. */
  final void requireUnanswered(Object answer) {
    int before = state;
    if ((before & (QUEUED | ANSWERED)) != 0) {
      throw new IllegalStateException(
          (before & ANSWERED) != 0
              ? "the request has been answered already"
              : "the request is in a queue: it must be received before it can be answered");
    }
    requireContent(answer);
  }

  private static void requireContent(Object carried) {
    Objects.requireNonNull(carried, "a request carries no null");
  }

  /** Marks the message as removed from its queue. */
  final void take() {
    state &= ~QUEUED;
    if (next != null) {
      next = null;
    }
  }

  /** Marks the message as no longer awaited. */
  final void forget() {
    state &= ~AWAITED;
  }

  /** Ends the message without an answer: the callee has ended, and its queue with it. */
  final void abandon() {
    take();
    forget();
  }
}

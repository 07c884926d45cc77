// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.internal.micro.run.Message;

/**
 * Message between two micro-threads of a process, and its answer. It carries references, which are
 * not copied and must not be null. It is in one thread's queue at a time, is answered at most once,
 * and may be reused once it has been received.
 *
 * @param <Q> the type of the question
 * @param <R> the type of the answer
 */
public final class MicroRequest<Q, R> extends Message {
  /** Creates a request that has not been sent. */
  public MicroRequest() {}

  /**
   * {@return the thread that sent the request and receives the answer}
   *
   * @throws IllegalStateException if the request was not sent
   */
  public MicroThread asker() {
    return MicroThread.of(sender());
  }

  /** {@return the question: the message passed to {@code request} or {@code send}} */
  public Q question() {
    if (isAnswered()) {
      throw new IllegalStateException("the request has been answered");
    }
    return payload();
  }

  /** {@return the answer: the message passed to {@code respond}} */
  public R answer() {
    if (!isAnswered()) {
      throw new IllegalStateException("the request has not been answered");
    }
    return payload();
  }

  boolean hasAnswer() {
    return isAnswered();
  }

  /** What it carries, question or answer. */
  @SuppressWarnings("TypeParameterUnusedInFormals") // the sender chose the type
  <T> T content() {
    return payload();
  }
}

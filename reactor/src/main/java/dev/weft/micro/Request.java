// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A message between two micro-threads of a process, and its answer. It carries references, which
 * are not null: nothing is copied. It is in one thread's queue at a time, and may be used again
 * once it has been taken.
 *
 * @param <Q> what is asked
 * @param <R> what is answered
 */
public final class Request<Q, R> {
  @Nullable MicroThread asker;
  @Nullable MicroThread callee;
  private @Nullable Object message;
  @Nullable Request<?, ?> next;
  private boolean queued;
  boolean isAnswered;

  /** Whether its asker waits for the answer. */
  boolean isAwaited;

  /** A request to be sent. */
  public Request() {}

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
    if (isAnswered) {
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
    if (!isAnswered) {
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

  /** Enters a queue with this message. */
  void load(Object message) {
    if (queued) {
      throw new IllegalStateException("the request is on its way already");
    }
    this.message = Objects.requireNonNull(message, "message");
    queued = true;
  }

  void unload() {
    queued = false;
    if (next != null) {
      next = null;
    }
  }
}

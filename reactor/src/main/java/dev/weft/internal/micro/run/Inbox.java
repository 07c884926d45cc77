// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

import dev.weft.error.Errno;
import org.jspecify.annotations.Nullable;

/** The messages that a thread has received, and the requests that it has to answer. */
final class Inbox {
  // ---- received messages, first in, first out
  // References are not cleared, to save their write barriers: the count says what is valid.
  private int messages;
  private @Nullable Message first;
  private @Nullable Message last;

  // ---- requests whose askers wait, and their number; a single one stays linked after its removal
  private int awaited;
  private @Nullable Message newestAwaited;

  boolean isEmpty() {
    return messages == 0;
  }

  void enqueue(Message message) {
    if (messages == 0) {
      if (first != message) {
        first = message;
      }
    } else {
      Message before = messages == 1 ? first : last;
      assert before != null;
      before.next = message;
      last = message;
    }
    messages++;
  }

  Message dequeue() {
    Message message = first;
    assert message != null;
    if (--messages > 0) {
      first = message.next;
    }
    message.take();
    return message;
  }

  void addAwaited(Message request) {
    Message newest = newestAwaited;
    if (awaited > 0 && newest != null) {
      request.olderAwaited = newest;
      newest.newerAwaited = request;
    }
    if (newest != request) {
      newestAwaited = request;
    }
    awaited++;
  }

  void removeAwaited(Message request) {
    if (--awaited == 0) {
      return; // it was the only one, and stays linked: see above
    }
    Message older = request.olderAwaited;
    Message newer = request.newerAwaited;
    if (older != null) {
      older.newerAwaited = newer;
      request.olderAwaited = null;
    }
    if (newer != null) {
      newer.olderAwaited = older;
      request.newerAwaited = null;
    } else {
      newestAwaited = older;
    }
  }

  /** Notifies the threads that wait for an answer of the ended owner, the oldest first. */
  void abandonRequests() {
    Message request = awaited == 0 ? null : newestAwaited;
    while (request != null && request.olderAwaited != null) {
      request = request.olderAwaited;
    }
    while (request != null) {
      Message newer = request.newerAwaited;
      removeAwaited(request);
      request.abandon();
      abandoned(request);
      request = newer;
    }
  }

  private static void abandoned(Message request) {
    ThreadControl asker = request.sender();
    if (asker.isEnded()) {
      return;
    }
    if (asker.awaitsInLastly(request)) {
      asker.home().threads.play(asker);
    }
    if (asker.awaits(request)) {
      asker.home().threads.raiseAt(asker, Errno.ESRCH.code());
    }
  }

  // ---- between two threads

  /**
   * Puts a message into the inbox of {@code callee}; returns false if that has ended.
   *
   * @param isAwaited whether the asker waits for the answer
   */
  static boolean send(
      ThreadControl asker,
      ThreadControl callee,
      Message request,
      Object message,
      boolean isAwaited) {
    if (callee.isEnded()) {
      return false;
    }
    Inbox its = callee.inbox(); // first: there may be no memory for it
    ThreadControl before = request.isAwaited() ? request.callee : null;
    request.ask(message, isAwaited);
    if (before != null) {
      before.inbox().removeAwaited(request); // its asker no longer waits for it
    }
    if (request.asker != asker) {
      request.asker = asker;
    }
    if (request.callee != callee) {
      request.callee = callee;
    }
    if (isAwaited) {
      its.addAwaited(request);
    }
    its.enqueue(request);
    return true;
  }

  /** Delivers the answer to a request; returns false if its asker has ended. */
  static boolean respond(ThreadControl asker, Message request, Object message) {
    if (asker.isEnded()) {
      return false;
    }
    Inbox its = asker.inbox(); // first: there may be no memory for it
    if (!request.respond(message)) {
      its.enqueue(request);
    } else if (request.callee != null) {
      request.callee.inbox().removeAwaited(request);
    }
    return true;
  }

  /** Withdraws a request whose answer the ended {@code asker} awaited, if it did. */
  static void withdraw(ThreadControl asker, @Nullable Message request) {
    if (request != null && request.isAwaited() && request.asker == asker) {
      request.forget();
      if (request.callee != null) {
        request.callee.inbox().removeAwaited(request);
      }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

import dev.weft.error.Errno;
import dev.weft.internal.jvm.StackReserve;
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

  /**
   * Loads {@code message} and adds it to the received messages, and to the awaited requests if its
   * new state says so. Calls nothing: if the stack overflows, nothing has changed.
   */
  private void add(Message message, Object payload, int state) {
    if (message.payload != payload) {
      message.payload = payload;
    }
    message.state = state;
    if ((state & Message.AWAITED) != 0) {
      Message newest = newestAwaited;
      if (awaited > 0 && newest != null) {
        message.olderAwaited = newest;
        newest.newerAwaited = message;
      }
      if (newest != message) {
        newestAwaited = message;
      }
      awaited++;
    }
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
    Message next = message.next;
    message.take(); // first: if the stack overflows, it stays in the queue
    if (--messages > 0) {
      first = next;
    }
    return message;
  }

  private void removeAwaited(Message request) {
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

  /** The inbox for a message to {@code callee}; null if that has ended. */
  static @Nullable Inbox toSend(ThreadControl callee, Message request, Object message) {
    if (callee.isEnded()) {
      return null;
    }
    request.requireFree(message);
    return callee.inbox();
  }

  /**
   * Puts a message into this inbox of {@code callee}, see {@link #toSend}.
   *
   * @param isAwaited whether the asker waits for the answer
   */
  void send(
      ThreadControl asker,
      ThreadControl callee,
      Message request,
      Object message,
      boolean isAwaited) {
    ThreadControl before = request.isAwaited() ? request.callee : null;
    if (before != null) {
      StackReserve.check();
      before.inbox().removeAwaited(request); // its asker no longer waits for it
    }
    if (request.asker != asker) {
      request.asker = asker;
    }
    if (request.callee != callee) {
      request.callee = callee;
    }
    add(request, message, isAwaited ? Message.QUEUED | Message.AWAITED : Message.QUEUED);
  }

  /** The inbox for an answer to {@code asker}; null if that has ended. */
  static @Nullable Inbox toRespond(ThreadControl asker, Message request, Object message) {
    if (asker.isEnded()) {
      return null;
    }
    request.requireUnanswered(message);
    return asker.inbox();
  }

  /** Delivers an answer to the owner of this inbox, see {@link #toRespond}. */
  void respond(Message request, Object message) {
    if (!request.isAwaited()) {
      add(request, message, Message.ANSWERED | Message.QUEUED);
      return;
    }
    ThreadControl callee = request.callee;
    if (callee != null) {
      callee.inbox().removeAwaited(request);
    }
    // From here on nothing is called: if the stack overflows, nothing has changed.
    if (request.payload != message) {
      request.payload = message;
    }
    request.state = Message.ANSWERED;
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

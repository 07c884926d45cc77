// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.Opcode;
import dev.weft.internal.backend.PollEvents;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.WritableByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * A channel that a selector watches: of a socket or an end of a pipe.
 *
 * <p>A request is tried at once and waits if it can't be carried out yet. While the interest in
 * reading is registered and the channel was last found empty, a read is not tried: the next select
 * reports that there is something. The interest stays until an event comes that no request waits
 * for, so a connection that is read again and again needs one system call for a read.
 */
abstract class ChannelEntry extends Entry {
  /** A result of {@link #attempt}: the channel is not ready. */
  static final int NOT_READY = PENDING;

  private static final int NONE = 0;
  private static final int INCOMING = SelectionKey.OP_READ | SelectionKey.OP_ACCEPT;
  private static final int OUTGOING = SelectionKey.OP_WRITE | SelectionKey.OP_CONNECT;

  /** The bytes that one attempt sends at most, so that others get their turn. */
  private static final int SENT_MAX = 1 << 20;

  private final RequestQueue incoming = new RequestQueue();
  private final RequestQueue outgoing = new RequestQueue();
  private @Nullable SelectionKey key;

  /** The operations that the selector watches, or will from the next select on. */
  private int interest;

  /** Whether the channel can have something to read or accept. */
  private boolean mayBeReadable = true;

  /** Whether reads never wait, because the input has been shut down. */
  private boolean inputShut;

  /** The operations for which the channel was ready in the last select; reset when handled. */
  int ready;

  /** The next entry that is ready. */
  @Nullable ChannelEntry nextReady;

  /** The channel, or null if there is none (any more). */
  abstract @Nullable SelectableChannel channel();

  /**
   * Tries to carry out a request, without waiting.
   *
   * @return at least 0, -errno, or {@link #NOT_READY}
   */
  abstract int attempt(SelectorBackend backend, Request request);

  /** Called when a request that sends begins to wait, or has made progress and waits again. */
  void stalled(SelectorBackend backend) {}

  /** Called when no request that sends waits any more. */
  void unstalled(SelectorBackend backend) {}

  // ---- requests

  @Override
  int start(SelectorBackend backend, Request request) {
    int wanted = request.interest;
    if (wanted == NONE) {
      return attempt(backend, request); // never waits
    }
    boolean receives = (wanted & INCOMING) != NONE;
    RequestQueue queue = receives ? incoming : outgoing;
    if (request.op.opcode() == Opcode.ACCEPT_MULTISHOT) {
      await(backend, request, queue, wanted);
      run(backend, queue);
      return PENDING;
    }
    int result = attemptInTurn(backend, request, queue, wanted);
    if (result == NOT_READY) {
      await(backend, request, queue, wanted);
      if (!receives) {
        stalled(backend);
      }
    }
    return result;
  }

  /** Tries a request, unless others wait or the selector will report the channel. */
  private int attemptInTurn(
      SelectorBackend backend, Request request, RequestQueue queue, int wanted) {
    boolean watched = (interest & wanted & INCOMING) != NONE && !mayBeReadable;
    return watched || !queue.isEmpty() ? NOT_READY : attempt(backend, request);
  }

  /**
   * Tries a transfer that has not been queued, on the thread that has the memory.
   *
   * @return at least 0, -errno, or {@link #NOT_READY}: it may {@link #await} then
   */
  final int attemptNow(SelectorBackend backend, Request request) {
    int wanted = request.interest;
    boolean receives = (wanted & INCOMING) != NONE;
    int result;
    try {
      result = attemptInTurn(backend, request, receives ? incoming : outgoing, wanted);
    } catch (OutOfMemoryError e) {
      return -Errno.ENOMEM.code();
    }
    if (result == NOT_READY && request.done > 0 && !backend.memory.isOurs(request.op)) {
      return request.done; // the sender continues with the rest
    }
    if (result == NOT_READY) {
      backend.memory.prepare(request);
    }
    return result;
  }

  /**
   * Tries a request that will not be queued, on the thread that has the memory.
   *
   * @return at least 0, -errno, or {@link #NOT_READY}
   */
  final int attemptOnce(SelectorBackend backend, Request request) {
    int wanted = request.interest;
    if (!((wanted & INCOMING) != NONE ? incoming : outgoing).isEmpty()) {
      return NOT_READY; // others come first
    }
    if (request.op.opcode() == Opcode.POLL) {
      watch(backend, wanted);
      backend.ready.select(0);
    }
    int result;
    try {
      result = attempt(backend, request);
    } catch (OutOfMemoryError e) {
      return -Errno.ENOMEM.code();
    }
    return result == NOT_READY && request.done > 0 ? request.done : result;
  }

  /** Lets a transfer wait that is not ready. */
  final void await(SelectorBackend backend, Request request) {
    int wanted = request.interest;
    if ((wanted & INCOMING) != NONE) {
      await(backend, request, incoming, wanted);
    } else {
      await(backend, request, outgoing, wanted);
      stalled(backend);
    }
  }

  private void await(SelectorBackend backend, Request request, RequestQueue queue, int wanted) {
    queue.add(request);
    request.place = Request.Place.WAITING;
    backend.waiting++;
    watch(backend, wanted);
  }

  @Override
  int cancel(SelectorBackend backend, Request request) {
    boolean sent = outgoing.remove(request);
    if (!sent) {
      incoming.remove(request);
    }
    if (sent && outgoing.isEmpty()) {
      unwatch(OUTGOING);
      unstalled(backend);
    }
    return request.done > 0 ? request.done : CANCELED;
  }

  /** Carries out the requests that wait for what the channel is ready for now. */
  final void handle(SelectorBackend backend) {
    int operations = ready;
    if ((operations & INCOMING) != NONE) {
      mayBeReadable = true;
      if (incoming.isEmpty()) {
        unwatch(INCOMING);
      }
      run(backend, incoming);
    }
    if ((operations & OUTGOING) != NONE) {
      run(backend, outgoing);
      finishOutgoing(backend);
    }
    ready = NONE;
  }

  private void finishOutgoing(SelectorBackend backend) {
    Request head = outgoing.first;
    if (head == null) {
      unwatch(OUTGOING);
      unstalled(backend);
    } else if (key != null) {
      unwatch(OUTGOING & ~head.interest);
      watch(backend, head.interest);
      stalled(backend);
    }
  }

  /** Runs the requests of a queue until one is not ready; their listeners can change the queue. */
  private void run(SelectorBackend backend, RequestQueue queue) {
    for (Request head; (head = queue.first) != null; ) {
      int result = attempt(backend, head);
      if (result == NOT_READY) {
        return;
      }
      if (result >= 0 && head.op.opcode() == Opcode.ACCEPT_MULTISHOT) {
        backend.completeShot(head, result);
        if (queue.first == head && head.op.state() == Op.State.CANCELLING) {
          return;
        }
      } else {
        queue.remove(head);
        backend.finish(head, result);
      }
    }
  }

  static int interestOf(Op op) {
    return switch (op.opcode()) {
      case READ, RECEIVE, PEEK, RECEIVE_MESSAGE -> SelectionKey.OP_READ;
      case ACCEPT, ACCEPT_MULTISHOT -> SelectionKey.OP_ACCEPT;
      case CONNECT -> SelectionKey.OP_CONNECT;
      case POLL -> interestOfPoll(op.detail());
      case WRITE, SEND, SEND_GATHERED, SEND_MESSAGE -> SelectionKey.OP_WRITE;
      default -> NONE;
    };
  }

  private static int interestOfPoll(int events) {
    int reads = (events & PollEvents.READABLE) == NONE ? NONE : INCOMING;
    int writes = (events & PollEvents.WRITABLE) == NONE ? NONE : SelectionKey.OP_WRITE;
    return reads | writes;
  }

  /** The result of a poll at this moment. */
  final int attemptPoll(Op op) {
    int wanted = interestOfPoll(op.detail());
    if (wanted == NONE) {
      return UNSUPPORTED;
    }
    int found = wanted & ready;
    if (found == NONE) {
      return NOT_READY;
    }
    int reads = (found & INCOMING) == NONE ? NONE : PollEvents.READABLE;
    int writes = (found & SelectionKey.OP_WRITE) == NONE ? NONE : PollEvents.WRITABLE;
    return reads | writes;
  }

  /** Lets reads return what has arrived, or 0, from now on. */
  final void shutInput() {
    inputShut = true;
    mayBeReadable = true;
  }

  final boolean isInputShut() {
    return inputShut;
  }

  // ---- transfers

  /** Notes that there can be something to read. */
  final void mayHaveBytes() {
    mayBeReadable = true;
  }

  /** Notes that there is nothing to read until the selector reports something. */
  final void foundEmpty() {
    mayBeReadable = false;
  }

  /** Reads once: the bytes read, 0 at the end, or {@link #NOT_READY}. */
  final int read(SelectorBackend backend, Request request, ReadableByteChannel source)
      throws IOException {
    int length = request.length();
    if (length == 0) {
      return 0;
    }
    ByteBuffer buffer = backend.memory.buffer;
    int wanted = Math.min(length, buffer.capacity());
    int count = source.read(buffer.clear().limit(wanted));
    mayBeReadable = inputShut || count < 0 || count == wanted;
    if (count == 0) {
      return NOT_READY;
    }
    if (count < 0) {
      return 0;
    }
    backend.memory.deliverRead(request, count);
    return count;
  }

  /** Writes once: the bytes written, or {@link #NOT_READY}. */
  static int write(SelectorBackend backend, Request request, WritableByteChannel target)
      throws IOException {
    if (request.length() == 0) {
      return 0;
    }
    backend.memory.fill(request);
    int count = target.write(backend.memory.buffer);
    return count == 0 ? NOT_READY : count;
  }

  /** Writes until all bytes are written or the channel takes no more. */
  static int send(SelectorBackend backend, Request request, WritableByteChannel target)
      throws IOException {
    int length = request.length();
    int limit = Math.min(length, request.done + SENT_MAX);
    while (request.done < limit) {
      backend.memory.fill(request);
      int wanted = backend.memory.buffer.remaining();
      int count = target.write(backend.memory.buffer);
      request.done += count;
      if (count < wanted) {
        break;
      }
    }
    return request.done == length ? length : NOT_READY;
  }

  // ---- the selector

  /** Lets the requests that wait try again, because the state of the channel has changed. */
  final void retry(SelectorBackend backend, boolean receiving, boolean sending) {
    ready |= (receiving ? INCOMING : NONE) | (sending ? OUTGOING : NONE);
    backend.ready.add(this);
  }

  private void watch(SelectorBackend backend, int operations) {
    SelectableChannel watched = channel();
    int wanted = watched == null ? NONE : (interest | operations) & watched.validOps();
    if (watched == null || wanted == interest) {
      return;
    }
    SelectionKey present = key;
    try {
      if (present == null) {
        key = watched.register(backend.ready.selector(), wanted, this);
      } else {
        present.interestOps(wanted);
      }
      interest = wanted;
    } catch (IOException e) { // closed: the request fails at its next attempt
      retry(backend, true, true);
    }
  }

  private void unwatch(int operations) {
    SelectionKey present = key;
    int wanted = interest & ~operations;
    if (present != null && wanted != interest) {
      present.interestOps(wanted);
      interest = wanted;
    }
  }

  /** Forgets the key of a channel that is being closed. */
  final boolean cancelKey() {
    SelectionKey present = key;
    if (present == null) {
      return false;
    }
    key = null;
    interest = NONE;
    present.cancel();
    return true;
  }

  @Override
  boolean beginClose() {
    return cancelKey();
  }
}

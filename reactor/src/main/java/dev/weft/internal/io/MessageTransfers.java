// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.internal.backend.Message;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.strand.Strand;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;

/** Transfers of messages by sockets, any number of them at the same time. */
public final class MessageTransfers {
  private MessageTransfers() {}

  /**
   * Receives a message, or as much of it as {@code target} holds. Any number of fibers may receive,
   * each into a message of its own. Suspends.
   *
   * @return the number of bytes
   */
  public static int receive(Endpoint endpoint, MemorySegment target, Message message, long deadline)
      throws IOException {
    return receive(endpoint, false, target, message, deadline);
  }

  /** As {@link #receive}, and the message is left to the next receive. Suspends. */
  public static int peek(Endpoint endpoint, MemorySegment target, Message message, long deadline)
      throws IOException {
    return receive(endpoint, true, target, message, deadline);
  }

  private static int receive(
      Endpoint endpoint, boolean peeks, MemorySegment target, Message message, long deadline)
      throws IOException {
    int length = Transferable.writableLength(target);
    String verb = peeks ? "peek" : "receive";
    Strand strand = endpoint.enter(verb);
    int ahead = length == 0 ? 0 : endpoint.readAhead(strand, target, verb, !peeks, deadline);
    if (ahead != 0) {
      message.received(null, false);
      return Math.max(ahead, 0);
    }
    while (true) {
      endpoint.requireOpen();
      Op op = strand.waiting.op().receiveMessage(endpoint.handle(), target, length, message);
      if (peeks) {
        op.peeking();
      }
      int result = endpoint.perform(strand, verb, op, deadline);
      if (!Endpoint.mustRetry(strand, result, endpoint, PollEvents.READABLE, deadline)) {
        return endpoint.check(verb, result);
      }
    }
  }

  /**
   * Sends the first {@code length} bytes as a message, to the address in {@code message}. Any
   * number of fibers may send. Suspends.
   *
   * @return the number of bytes, which can be less in a stream
   */
  public static int send(
      Endpoint endpoint, MemorySegment source, long length, Message message, long deadline)
      throws IOException {
    int bytes = (int) Math.min(length, Transferable.checkedLength(source));
    Strand strand = endpoint.enter("send");
    requireOpenFiles(message);
    while (true) {
      endpoint.requireOpen();
      Op op = strand.waiting.op().sendMessage(endpoint.handle(), source, bytes, message);
      int result = endpoint.perform(strand, "send", op, deadline);
      if (!Endpoint.mustRetry(strand, result, endpoint, PollEvents.WRITABLE, deadline)) {
        if (result < 0 && !message.passesOpen()) {
          throw new AsynchronousCloseException();
        }
        return endpoint.check("send", result);
      }
    }
  }

  /** Checks that what a message passes is open. */
  static void requireOpenFiles(Message message) throws ClosedChannelException {
    if (!message.passesOpen()) {
      throw new ClosedChannelException();
    }
  }
}

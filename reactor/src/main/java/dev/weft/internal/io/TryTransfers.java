// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.internal.backend.Message;
import dev.weft.internal.strand.Strand;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Transfers that are carried out in the call, or not at all. They do not suspend. */
public final class TryTransfers {
  private static final int WOULD_WAIT = Endpoint.WOULD_WAIT;

  private TryTransfers() {}

  /** Reads bytes that have arrived; 0 if there are none now, -1 at the end of the stream. */
  public static int read(Endpoint endpoint, MemorySegment target) throws IOException {
    int length = Transferable.writableLength(target);
    Strand strand = endpoint.enter("read");
    endpoint.requireNoReader("read");
    if (length == 0) {
      return 0;
    }
    Receiver ahead = endpoint.ahead();
    int early = ahead == null ? 0 : ahead.tryRead(endpoint, target);
    if (early != 0) {
      return early == WOULD_WAIT ? 0 : early;
    }
    int result =
        endpoint.attempt(strand.waiting.op().receive(endpoint.handle(), target, 0, length));
    return result == WOULD_WAIT ? 0 : result == 0 ? -1 : endpoint.check("read", result);
  }

  /** Writes what the system takes at once; 0 if that is nothing. */
  public static int write(Endpoint endpoint, MemorySegment source) throws IOException {
    int length = Transferable.checkedLength(source);
    Strand strand = endpoint.enter("write");
    endpoint.requireNoWriter();
    if (length == 0) {
      return 0;
    }
    int result = endpoint.attempt(strand.waiting.op().send(endpoint.handle(), source, 0, length));
    return result == WOULD_WAIT ? 0 : endpoint.check("write", result);
  }

  /** Receives a message; -1 if there is none now. */
  public static int receive(Endpoint endpoint, MemorySegment target, Message message)
      throws IOException {
    int length = Transferable.writableLength(target);
    Strand strand = endpoint.enter("receive");
    int result =
        endpoint.attempt(
            strand.waiting.op().receiveMessage(endpoint.handle(), target, length, message));
    return result == WOULD_WAIT ? -1 : endpoint.check("receive", result);
  }

  /**
   * Sends the first bytes as a message; returns their number, or -1 if the system takes none now.
   */
  public static int send(Endpoint endpoint, MemorySegment source, long length, Message message)
      throws IOException {
    int bytes = (int) Math.min(length, Transferable.checkedLength(source));
    Strand strand = endpoint.enter("send");
    MessageTransfers.requireOpenFiles(message);
    int result =
        endpoint.attempt(
            strand.waiting.op().sendMessage(endpoint.handle(), source, bytes, message));
    return result == WOULD_WAIT ? -1 : endpoint.check("send", result);
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns.internal.client;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.weft.Deadline;
import dev.weft.dns.internal.message.Query;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.net.TcpSocket;
import dev.weft.net.UdpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;

/**
 * Carries a query to one server and its answer back.
 *
 * <p>Each query has a socket of its own: the kernel chooses its port at random (RFC 5452), and
 * takes nothing from other addresses than the server's.
 */
final class Transport {
  /** More than a query announces, since servers do not all obey. */
  private static final int BUFFER_BYTES = 4096;

  /** So many datagrams that are no answer, such as those of a forger, end a query. */
  static final int STRAY_DATAGRAMS_MAX = 64;

  private static final ValueLayout.OfShort LENGTH =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private Transport() {}

  /**
   * Asks over UDP, or over TCP if the answer is too long for a datagram. Suspends.
   *
   * @throws IOException if the server can't be reached, or its answer can't be read
   * @throws dev.weft.error.DeadlineExceededException if there is no answer by then
   */
  static Message exchange(InetSocketAddress server, Query query, Deadline deadline)
      throws IOException {
    try (UdpSocket socket = UdpSocket.connect(server, deadline);
        Arena arena = Arena.ofConfined()) {
      socket.send(arena.allocateFrom(JAVA_BYTE, query.encoded()), deadline);
      Message answer = receive(socket, query, arena.allocate(BUFFER_BYTES), deadline);
      if (!answer.getHeader().getFlag(Flags.TC)) {
        return answer;
      }
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EMSGSIZE) { // longer than the buffer, so that it is truncated
        throw e;
      }
    }
    return exchangeByTcp(server, query, deadline);
  }

  private static Message receive(
      UdpSocket socket, Query query, MemorySegment buffer, Deadline deadline) throws IOException {
    for (int i = 0; i < STRAY_DATAGRAMS_MAX; i++) {
      int length = socket.receive(buffer, deadline);
      Message answer = query.answer(buffer.asSlice(0, length).toArray(JAVA_BYTE));
      if (answer != null) {
        return answer;
      }
    }
    throw new IOException(STRAY_DATAGRAMS_MAX + " datagrams were no answer to the query");
  }

  /** Asks over TCP (RFC 7766). Suspends. */
  static Message exchangeByTcp(InetSocketAddress server, Query query, Deadline deadline)
      throws IOException {
    try (TcpSocket socket = TcpSocket.connect(server, deadline);
        Arena arena = Arena.ofConfined()) {
      byte[] encoded = query.encoded();
      MemorySegment request = arena.allocate(LENGTH.byteSize() + encoded.length);
      request.set(LENGTH, 0, (short) encoded.length);
      MemorySegment.copy(encoded, 0, request, JAVA_BYTE, LENGTH.byteSize(), encoded.length);
      socket.write(request, deadline);

      MemorySegment prefix = arena.allocate(LENGTH.byteSize());
      socket.readFully(prefix, deadline);
      MemorySegment bytes = arena.allocate(Short.toUnsignedInt(prefix.get(LENGTH, 0)));
      socket.readFully(bytes, deadline);
      Message answer = query.answer(bytes.toArray(JAVA_BYTE));
      if (answer == null) {
        throw new IOException("the message is no answer to the query");
      }
      return answer;
    }
  }
}

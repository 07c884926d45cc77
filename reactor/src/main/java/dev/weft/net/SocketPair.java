// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Call;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.SocketType;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.strand.EventLoop;
import java.io.IOException;
import java.util.function.IntFunction;

/**
 * Two Unix sockets that are connected to each other (socketpair(2)), such as for a child process or
 * a test. Needs io_uring.
 *
 * @param <T> the type of the sockets
 */
public final class SocketPair<T extends AutoCloseable> {
  private final T first;
  private final T second;

  private SocketPair(T first, T second) {
    this.first = first;
    this.second = second;
  }

  /**
   * Opens a pair of streams.
   *
   * @return an open pair; each socket has to be closed
   * @throws UnsupportedOperationException on a reactor without io_uring
   * @throws IOException if the system has no descriptor or no memory left
   */
  public static SocketPair<UnixSocket> open() throws IOException {
    EventLoop loop = EventLoop.require("open");
    return open(loop, SocketType.STREAM, end -> UnixSocket.ofPair(loop, end));
  }

  /**
   * Opens a pair of sockets for sequenced messages: the close of one is the end of the other's.
   *
   * @return an open pair; each socket has to be closed
   * @throws UnsupportedOperationException on a reactor without io_uring
   * @throws IOException if the system has no descriptor or no memory left
   */
  public static SocketPair<UnixMessageSocket> openMessages() throws IOException {
    EventLoop loop = EventLoop.require("open");
    SocketType type = SocketType.SEQUENCED;
    return open(loop, type, end -> UnixMessageSocket.ofPair(loop, type, end));
  }

  /**
   * Opens a pair of sockets for datagrams, which can be empty.
   *
   * @return an open pair; each socket has to be closed
   * @throws UnsupportedOperationException on a reactor without io_uring
   * @throws IOException if the system has no descriptor or no memory left
   */
  public static SocketPair<UnixMessageSocket> openDatagrams() throws IOException {
    EventLoop loop = EventLoop.require("open");
    SocketType type = SocketType.DATAGRAM;
    return open(loop, type, end -> UnixMessageSocket.ofPair(loop, type, end));
  }

  private static <T extends AutoCloseable> SocketPair<T> open(
      EventLoop loop, SocketType type, IntFunction<T> socket) throws IOException {
    loop.backend().require(Capability.ALL_UNIX_SOCKETS, "a pair of sockets");
    StackReserve.check();
    Call call = loop.call().socketPair(type);
    int result = loop.backend().perform(call);
    if (result < 0) {
      throw new ErrnoException("socketpair", "", -result);
    }
    int second = call.writeEnd();
    return new SocketPair<>(socket.apply(call.readEnd()), socket.apply(second));
  }

  /** {@return one of the sockets} */
  public T first() {
    return first;
  }

  /** {@return the other socket} */
  public T second() {
    return second;
  }
}

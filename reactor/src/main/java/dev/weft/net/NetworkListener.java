// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.error.ErrnoException;
import dev.weft.internal.io.Acceptor;
import dev.weft.internal.io.SocketCalls;
import dev.weft.internal.strand.EventLoop;
import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;

/** Open socket that takes connections. Any number of fibers may accept them. */
public abstract sealed class NetworkListener implements AutoCloseable
    permits TcpListener, UnixListener {
  final EventLoop loop;
  final Acceptor acceptor;

  /**
   * Makes a listener without a socket.
   *
   * @param name the name for messages; must not refer to this listener
   */
  NetworkListener(EventLoop loop, Object name) {
    this.loop = loop;
    acceptor = new Acceptor(loop, this, name);
  }

  /**
   * Reads an option.
   *
   * @param option the option
   * @param <T> the type of the value
   * @return the value that the system has
   * @throws ErrnoException EOPNOTSUPP if the socket does not have the option
   * @throws UnsupportedOperationException if the backend does not have it
   * @throws ClosedChannelException if the listener is closed
   */
  public final <T> T getOption(SocketOption<T> option) throws IOException {
    acceptor.enter("getOption");
    return option.decode(SocketCalls.get(loop, acceptor.handle(), option.code, this));
  }

  /**
   * Changes an option, also for the connections that are made from now on.
   *
   * @param option the option
   * @param value its new value
   * @param <T> the type of the value
   * @throws ErrnoException ENOPROTOOPT if the socket does not have the option, EPERM if it needs a
   *     privilege, EINVAL if it is too late for it
   * @throws UnsupportedOperationException if the backend does not have it
   * @throws ClosedChannelException if the listener is closed
   */
  public final <T> void setOption(SocketOption<T> option, T value) throws IOException {
    int encoded = option.encode(value);
    acceptor.enter("setOption");
    SocketCalls.set(loop, acceptor.handle(), option.code, encoded, this);
  }

  /**
   * Stops listening. Fibers that are accepting get an {@link AsynchronousCloseException};
   * connections that no fiber has fetched are closed. Suspends if called in a fiber, even a
   * cancelled one. Does nothing the second time.
   */
  @Override
  public final void close() {
    acceptor.close();
  }
}

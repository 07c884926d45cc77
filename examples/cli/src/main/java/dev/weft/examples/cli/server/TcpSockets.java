// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.server;

import dev.weft.Fiber;
import dev.weft.error.ErrnoException;
import dev.weft.net.SocketOptions;
import dev.weft.net.TcpListener;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.Consumer;

/**
 * A listener, for a protocol over TCP.
 *
 * @param protocol the name of what is served
 * @param listener an open listener
 * @param handler serves its connections
 * @param log gets a line if no connection can be accepted
 */
public record TcpSockets(
    String protocol, TcpListener listener, Connections.Handler handler, Consumer<String> log)
    implements ListeningSockets {
  /**
   * Opens a listener.
   *
   * @param protocol the name of what is served
   * @param address where to listen
   * @param options of the listener
   * @param handler serves its connections
   * @param log gets a line if no connection can be accepted
   * @return an open listener
   * @throws ErrnoException whose operation names the protocol
   * @throws IOException if it can't be opened
   */
  public static TcpSockets bind(
      String protocol,
      InetSocketAddress address,
      SocketOptions options,
      Connections.Handler handler,
      Consumer<String> log)
      throws IOException {
    try {
      return new TcpSockets(protocol, TcpListener.bind(address, options), handler, log);
    } catch (ErrnoException e) {
      throw listenFailure(protocol, e);
    }
  }

  /**
   * {@return a failure to listen, with the protocol in the name of the operation}
   *
   * @param protocol the name of what should be served
   * @param failure of one of the steps
   */
  public static ErrnoException listenFailure(String protocol, ErrnoException failure) {
    ErrnoException named =
        new ErrnoException(protocol + " listen", failure.subject(), failure.code());
    named.initCause(failure);
    return named;
  }

  @Override
  public InetSocketAddress address() {
    return listener.localAddress();
  }

  @Override
  public List<String> readyLines() {
    return List.of(protocol + " listening on " + listener);
  }

  @Override
  public void start(Connections connections) {
    Fiber.start(
        "accept " + listener, () -> connections.acceptAll(protocol, listener, handler, log));
  }

  @Override
  public void close() {
    listener.close();
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.server;

import dev.weft.Deadline;
import dev.weft.error.ErrnoException;
import dev.weft.examples.common.Programs;
import dev.weft.net.ConnectionHandler;
import dev.weft.net.ServerFailure;
import dev.weft.net.ServerOptions;
import dev.weft.net.SocketOptions;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpServer;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A listener, and a server on it once it is started, for a protocol over TCP. */
public final class TcpSockets implements ListeningSockets {
  private final String protocol;
  private final TcpListener listener;
  private final ConnectionHandler<TcpSocket> handler;
  private final Consumer<String> log;
  private @Nullable TcpServer server;

  private TcpSockets(
      String protocol,
      TcpListener listener,
      ConnectionHandler<TcpSocket> handler,
      Consumer<String> log) {
    this.protocol = protocol;
    this.listener = listener;
    this.handler = handler;
    this.log = log;
  }

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
      ConnectionHandler<TcpSocket> handler,
      Consumer<String> log)
      throws IOException {
    try {
      return new TcpSockets(protocol, TcpListener.bind(address, options), handler, log);
    } catch (ErrnoException e) {
      throw listenFailure(protocol, e);
    }
  }

  /**
   * Takes over a listener.
   *
   * @param protocol the name of what is served
   * @param descriptor that of the listener
   * @param handler serves its connections
   * @param log gets a line if no connection can be accepted
   * @return an open listener
   * @throws IllegalArgumentException if it is no TCP listener
   * @throws IOException if it is not open
   */
  public static TcpSockets adopt(
      String protocol, int descriptor, ConnectionHandler<TcpSocket> handler, Consumer<String> log)
      throws IOException {
    return new TcpSockets(protocol, TcpListener.adopt(descriptor), handler, log);
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
  public List<Object> sockets() {
    return List.of(listener);
  }

  @Override
  public List<String> readyLines() {
    return List.of(protocol + " listening on " + listener);
  }

  @Override
  public void start() {
    ServerOptions options = ServerOptions.defaults().withFailureHandler(this::report);
    server = TcpServer.start(listener, options, handler);
  }

  private void report(ServerFailure failure) {
    if (failure.kind() == ServerFailure.Kind.ACCEPT
        && failure.cause() instanceof ErrnoException e) {
      log.accept(protocol + " accept " + listener + ": " + Programs.text(e));
    } else {
      Programs.report(protocol + ": internal error: " + failure);
    }
  }

  @Override
  public void stop() {
    if (server != null) {
      server.stop();
    }
  }

  @Override
  public void drain(Deadline grace) {
    if (server != null) {
      server.shutdown(grace);
    }
  }

  @Override
  public void close() {
    listener.close();
  }

  /** {@return the address} */
  @Override
  public String toString() {
    return listener.toString();
  }
}

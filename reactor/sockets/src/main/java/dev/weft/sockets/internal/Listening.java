// SPDX-License-Identifier: Apache-2.0
package dev.weft.sockets.internal;

import dev.weft.error.DeadlineExceededException;
import dev.weft.net.SocketOption;
import dev.weft.net.SocketOptions;
import dev.weft.net.TcpListener;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketImpl;
import org.jspecify.annotations.Nullable;

/** A listener of Weft in the form that {@link java.net.ServerSocket} needs. */
final class Listening extends ReactorSocket {
  private volatile @Nullable Listener listener;

  Listening(SocketOptions options) {
    super(Options.OF_LISTENERS, options);
  }

  /** The options of the connections that it accepts. */
  SocketOptions options() {
    return options;
  }

  private record Listener(TcpListener listener) implements Options.Open {
    @Override
    public <V> void set(SocketOption<V> option, V value) throws IOException {
      listener.setOption(option, value);
    }

    @Override
    public <V> V get(SocketOption<V> option) throws IOException {
      return listener.getOption(option);
    }
  }

  @Override
  Options.@Nullable Open open() {
    return listener;
  }

  @Override
  void release() {
    Listener open = listener;
    if (open != null) {
      open.listener.close();
    }
  }

  @Override
  protected void bind(InetAddress host, int port) {
    boundAddress = host;
    address = host;
    localport = port;
  }

  @Override
  protected void listen(int backlog) throws IOException {
    InetSocketAddress local = new InetSocketAddress(boundAddress, localport);
    begin("bind " + local);
    try {
      TcpListener bound = TcpListener.bind(local, options.withBacklog(backlog));
      listener = new Listener(bound);
      localport = bound.localAddress().getPort();
    } catch (IOException e) {
      throw Failures.of(e);
    }
    if (isClosed()) {
      release();
      requireNotClosed();
    }
  }

  /** Waits for a connection. Suspends. */
  @Override
  protected void accept(SocketImpl target) throws IOException {
    enter("accept");
    Listener open = listener;
    if (open == null) {
      throw new SocketException("accept: the socket does not listen");
    }
    try {
      ((Connection) target).accepted(open.listener.accept(deadline()));
    } catch (DeadlineExceededException e) {
      throw Failures.timeout("Accept timed out", e);
    } catch (IOException e) {
      throw Failures.of(e);
    }
  }

  // ---- of connections

  private static SocketException refusal() {
    return new SocketException("a server socket is no connection");
  }

  @Override
  protected void connect(String host, int port) throws SocketException {
    throw refusal();
  }

  @Override
  protected void connect(InetAddress host, int port) throws SocketException {
    throw refusal();
  }

  @Override
  protected void connect(SocketAddress host, int timeout) throws SocketException {
    throw refusal();
  }

  @Override
  protected InputStream getInputStream() throws SocketException {
    throw refusal();
  }

  @Override
  protected OutputStream getOutputStream() throws SocketException {
    throw refusal();
  }

  @Override
  protected int available() throws SocketException {
    throw refusal();
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.sockets.internal;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Task;
import dev.weft.error.DeadlineExceededException;
import dev.weft.net.SocketOption;
import dev.weft.net.SocketOptions;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketImpl;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/** A connection of Weft in the form that {@link java.net.Socket} needs. */
final class Connection extends ReactorSocket {
  /** The attempt to connect, while there is one; on the reactor's thread. */
  private @Nullable Task<?> attempt;

  private volatile @Nullable Open socket;

  Connection(SocketOptions options) {
    super(Options.OF_CONNECTIONS, options);
  }

  /** An open connection and its streams. */
  private record Open(TcpSocket socket, ConnectionInput input, ConnectionOutput output)
      implements Options.Open {
    @Override
    public <V> void set(SocketOption<V> option, V value) throws IOException {
      socket.setOption(option, value);
    }

    @Override
    public <V> V get(SocketOption<V> option) throws IOException {
      return socket.getOption(option);
    }
  }

  @Override
  @Nullable Open open() {
    return socket;
  }

  private Open connected(String verb) throws SocketException {
    requireNotClosed();
    Open open = socket;
    if (open == null) {
      throw new SocketException(verb + ": the socket is not connected");
    }
    return open;
  }

  @Override
  void release() {
    Task<?> connecting = attempt;
    if (connecting != null) {
      connecting.cancel();
    }
    Open open = socket;
    if (open != null) {
      open.socket.close();
      open.input.release();
      open.output.release();
    }
  }

  // ---- connecting

  /** Notes the address, which the connect binds the socket to. */
  @Override
  protected void bind(InetAddress host, int port) {
    boundAddress = host;
    localport = port;
    options = options.withLocalAddress(new InetSocketAddress(host, port));
  }

  @Override
  protected void connect(String host, int port) throws IOException {
    connect(InetSocketAddress.createUnresolved(host, port), 0);
  }

  @Override
  protected void connect(InetAddress host, int port) throws IOException {
    connect(new InetSocketAddress(host, port), 0);
  }

  /** Connects. Suspends. */
  @Override
  protected void connect(SocketAddress remote, int timeout) throws IOException {
    if (!(remote instanceof InetSocketAddress target)) {
      throw new IllegalArgumentException("not an address of TCP: " + remote);
    }
    begin("connect " + target);
    Attempt made = new Attempt(target, options, deadline(timeout));
    try {
      try (Bundle bundle = Bundle.open()) { // a fiber of its own, which a close can cancel
        Task<@Nullable Void> connecting = bundle.go("connect " + target, made::run);
        attempt = connecting;
        if (isClosed()) { // before there was an attempt to be cancelled
          connecting.cancel();
        }
        connecting.join();
      } finally {
        attempt = null;
      }
      open(made.result());
      address = named(target, address);
    } finally {
      made.closeUnlessTaken(socket);
    }
  }

  /** The address of the peer with the name that it was found by, for those who ask for that. */
  private static InetAddress named(InetSocketAddress target, InetAddress peer)
      throws UnknownHostException {
    if (!target.isUnresolved()) {
      InetAddress given = target.getAddress();
      return given.equals(peer) ? given : peer;
    }
    String host = target.getHostString();
    return peer instanceof Inet6Address scoped && scoped.getScopeId() != 0
        ? Inet6Address.getByAddress(host, peer.getAddress(), scoped.getScopeId())
        : InetAddress.getByAddress(host, peer.getAddress());
  }

  /** One connect. */
  private static final class Attempt {
    private final InetSocketAddress target;
    private final SocketOptions options;
    private final Deadline deadline;
    private @Nullable TcpSocket socket;
    private @Nullable IOException failure;

    Attempt(InetSocketAddress target, SocketOptions options, Deadline deadline) {
      this.target = target;
      this.options = options;
      this.deadline = deadline;
    }

    void run() {
      try {
        socket =
            target.isUnresolved()
                ? TcpSocket.connect(target.getHostString(), target.getPort(), options, deadline)
                : TcpSocket.connect(target, options, deadline);
      } catch (DeadlineExceededException e) {
        failure = Failures.timeout("Connect timed out", e);
      } catch (IOException e) {
        failure = Failures.of(e);
      }
    }

    TcpSocket result() throws IOException {
      if (failure != null) {
        throw failure;
      }
      if (socket == null) { // a close has cancelled it
        throw new SocketException(Failures.CLOSED);
      }
      return socket;
    }

    /** Closes a connection that came when the caller was cancelled or the socket closed. */
    void closeUnlessTaken(@Nullable Open taken) {
      TcpSocket made = socket;
      if (made != null && taken == null) {
        made.close();
      }
    }
  }

  /** Takes over a connection that a listener has accepted. */
  void accepted(TcpSocket made) throws IOException {
    try {
      begin("accept");
      open(made);
    } finally {
      if (socket == null) {
        made.close();
      }
    }
  }

  private void open(TcpSocket made) throws IOException {
    try {
      InetSocketAddress remote = made.remoteAddress();
      InetSocketAddress local = made.localAddress();
      address = remote.getAddress();
      port = remote.getPort();
      boundAddress = local.getAddress();
      localport = local.getPort();
    } catch (IOException e) { // the peer has reset it
      throw Failures.of(e);
    }
    socket = new Open(made, new ConnectionInput(this, made), new ConnectionOutput(this, made));
    if (isClosed()) {
      release();
      requireNotClosed();
    }
  }

  // ---- the connection

  @Override
  protected InputStream getInputStream() throws SocketException {
    return connected("getInputStream").input;
  }

  @Override
  protected OutputStream getOutputStream() throws SocketException {
    return connected("getOutputStream").output;
  }

  @Override
  protected int available() throws IOException {
    return connected("available").input.available();
  }

  @Override
  protected void shutdownInput() throws IOException {
    Open open = connected("shutdownInput");
    enter("shutdownInput");
    try {
      open.socket.shutdownInput();
    } catch (IOException e) {
      throw Failures.of(e);
    }
    open.input.end();
  }

  @Override
  protected void shutdownOutput() throws IOException {
    Open open = connected("shutdownOutput");
    enter("shutdownOutput");
    try {
      open.socket.shutdownOutput();
    } catch (IOException e) {
      throw Failures.of(e);
    }
  }

  // ---- of listeners

  private static SocketException refusal() {
    return new SocketException("a socket of connections does not listen");
  }

  @Override
  protected void listen(int backlog) throws SocketException {
    throw refusal();
  }

  @Override
  protected void accept(SocketImpl target) throws SocketException {
    throw refusal();
  }
}

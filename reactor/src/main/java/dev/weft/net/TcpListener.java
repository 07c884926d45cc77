// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.Deadline;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.io.Acceptor;
import dev.weft.internal.io.SocketCalls;
import dev.weft.internal.os.SocketAddresses;
import dev.weft.internal.strand.EventLoop;
import dev.weft.net.SocketOptions.Flag;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousCloseException;

/**
 * A TCP server's socket. One request to the kernel accepts many connections (multishot), from the
 * first {@link #accept} on; those that nobody has fetched yet are kept. When there are 1024 of them
 * the kernel is asked to stop until some have been fetched, and its backlog fills. Any number of
 * fibers may accept.
 */
public final class TcpListener implements AutoCloseable {
  private final EventLoop loop;
  private final Acceptor acceptor;
  private final Name name;

  private TcpListener(EventLoop loop, InetSocketAddress address) {
    this.loop = loop;
    name = new Name(address);
    acceptor = new Acceptor(loop, this, name);
  }

  /** What messages call it; apart from it, so that it can become garbage. */
  private static final class Name {
    private InetSocketAddress address;

    Name(InetSocketAddress address) {
      this.address = address;
    }

    @Override
    public String toString() {
      return SocketAddresses.text(address);
    }
  }

  /**
   * Opens a server's socket with {@link SocketOptions#defaults}.
   *
   * @param address where to listen. A wildcard address of either family is all interfaces and both
   *     families: {@code [::]} with IPV6_V6ONLY off, or {@code 0.0.0.0} where there is no IPv6.
   *     Port 0 lets the kernel choose. {@link #localAddress} tells
   * @return an open listener
   * @throws ErrnoException EADDRINUSE, EACCES, EADDRNOTAVAIL and so on (bind(2))
   * @throws java.net.UnknownHostException if {@code address} is not resolved
   */
  public static TcpListener bind(InetSocketAddress address) throws IOException {
    return bind(address, SocketOptions.defaults());
  }

  /**
   * Opens a server's socket.
   *
   * @param address where to listen. A wildcard address of either family is all interfaces and both
   *     families: {@code [::]} with IPV6_V6ONLY off, or {@code 0.0.0.0} where there is no IPv6.
   *     Port 0 lets the kernel choose. {@link #localAddress} tells
   * @param options for the listener and for the connections that it accepts
   * @return an open listener
   * @throws ErrnoException EADDRINUSE, EACCES, EADDRNOTAVAIL and so on (bind(2))
   * @throws java.net.UnknownHostException if {@code address} is not resolved
   */
  public static TcpListener bind(InetSocketAddress address, SocketOptions options)
      throws IOException {
    EventLoop loop = EventLoop.current();
    if (loop == null) {
      throw new WrongThreadException("bind: there is no reactor on " + Thread.currentThread());
    }
    InetSocketAddress chosen =
        options.has(Flag.IPV4_ONLY) ? address : SocketCalls.ofBothFamilies(loop, address);
    TcpListener listener = new TcpListener(loop, chosen);
    Handle handle = listener.acceptor.handle();
    SocketCalls.stream(loop, handle, chosen);
    boolean listening = false;
    try {
      boolean ipv6 = chosen.getAddress() instanceof Inet6Address;
      SocketSetup.applyBeforeBind(loop, handle, options, ipv6, chosen);
      // Accepted sockets inherit these, so that they cost nothing per connection.
      SocketSetup.apply(loop, handle, options, chosen);
      SocketCalls.bind(loop, handle, chosen);
      SocketCalls.listen(loop, handle, chosen, options.backlog());
      listener.name.address = SocketCalls.localAddress(loop, handle);
      listening = true;
      return listener;
    } finally {
      if (!listening) {
        SocketCalls.discard(loop, handle);
      }
    }
  }

  /**
   * Waits for the next connection. Suspends.
   *
   * @return an open connection
   * @throws ErrnoException EMFILE or ENFILE if no descriptor is left, ENOBUFS or ENOMEM: the
   *     listener goes on, and it is best to wait a little before the next call
   * @throws AsynchronousCloseException if the listener is closed meanwhile
   */
  public TcpSocket accept() throws IOException {
    return accept(Deadline.NEVER);
  }

  /**
   * Waits for the next connection, but not for ever. Suspends.
   *
   * @param deadline until when
   * @return an open connection
   * @throws ErrnoException EMFILE or ENFILE if no descriptor is left, ENOBUFS or ENOMEM: the
   *     listener goes on, and it is best to wait a little before the next call
   * @throws AsynchronousCloseException if the listener is closed meanwhile
   * @throws dev.weft.error.DeadlineExceededException if none came
   */
  public TcpSocket accept(Deadline deadline) throws IOException {
    acceptor.await(deadline.nanoTime());
    return TcpSocket.accepted(loop, acceptor);
  }

  /**
   * Where the listener listens.
   *
   * @return address and port, the port that the kernel chose if 0 was asked for
   */
  public InetSocketAddress localAddress() {
    return name.address;
  }

  /**
   * Stops listening. Fibers that are accepting get an {@link AsynchronousCloseException};
   * connections that nobody has fetched are closed. Suspends if called in a fiber, even a cancelled
   * one. Does nothing the second time.
   */
  @Override
  public void close() {
    acceptor.close();
  }

  @Override
  public String toString() {
    return name.toString();
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.Deadline;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.SocketType;
import dev.weft.internal.io.Acceptor;
import dev.weft.internal.io.InetAddresses;
import dev.weft.internal.io.SocketCalls;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.strand.EventLoop;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/**
 * Listening TCP socket. From the first {@link #accept} on, one request to the kernel accepts many
 * connections (multishot). Connections that no fiber has fetched yet are queued. When 1024 are
 * queued, the kernel is asked to stop until some have been fetched, and its backlog fills. Any
 * number of fibers may accept.
 */
public final class TcpListener extends NetworkListener {
  static {
    Acceptor.IN.register(TcpListener.class, listener -> listener.acceptor);
  }

  private final Name name;

  private TcpListener(EventLoop loop, InetSocketAddress address) {
    this(loop, new Name(address));
  }

  private TcpListener(EventLoop loop, Name name) {
    super(loop, name);
    this.name = name;
  }

  /**
   * The listener's name in messages. It is a separate object so that the listener can become
   * garbage.
   */
  private static final class Name {
    private InetSocketAddress address;

    Name(InetSocketAddress address) {
      this.address = address;
    }

    @Override
    public String toString() {
      return InetAddresses.text(address);
    }
  }

  /**
   * Opens a listening socket with {@link SocketOptions#defaults}.
   *
   * @param address the address to listen on. A wildcard address of either family stands for all
   *     interfaces and both families: {@code [::]} with IPV6_V6ONLY off, or {@code 0.0.0.0} where
   *     there is no IPv6. With port 0 the kernel chooses a port, which {@link #localAddress}
   *     returns
   * @return an open listener
   * @throws ErrnoException EADDRINUSE, EACCES, EADDRNOTAVAIL and so on (bind(2))
   * @throws java.net.UnknownHostException if {@code address} is not resolved
   */
  public static TcpListener bind(InetSocketAddress address) throws IOException {
    return bind(address, SocketOptions.defaults());
  }

  /**
   * Opens a listening socket.
   *
   * @param address the address to listen on. A wildcard address of either family stands for all
   *     interfaces and both families: {@code [::]} with IPV6_V6ONLY off, or {@code 0.0.0.0} where
   *     there is no IPv6. With port 0 the kernel chooses a port, which {@link #localAddress}
   *     returns
   * @param options for the listener and for the connections that it accepts
   * @return an open listener
   * @throws ErrnoException EADDRINUSE, EACCES, EADDRNOTAVAIL and so on (bind(2))
   * @throws UnsupportedOperationException if an option is set that the backend does not have, such
   *     as IPV6_ONLY on a selector
   * @throws IllegalStateException if the connections are to get direct descriptors, and the reactor
   *     has none
   * @throws java.net.UnknownHostException if {@code address} is not resolved
   * @throws IllegalArgumentException if the options have a local address, which is for connections
   */
  public static TcpListener bind(InetSocketAddress address, SocketOptions options)
      throws IOException {
    EventLoop loop = EventLoop.require("bind");
    if (options.localAddress() != null) {
      throw new IllegalArgumentException(
          "a listener has no local address but its own: " + options.localAddress());
    }
    if (options.hasDirectDescriptors()) {
      loop.backend().requireDirectTable("bind " + InetAddresses.text(address));
    }
    StackReserve.check(); // descriptors are closed if the call fails
    if (options.has(SocketOption.IPV6_ONLY)) {
      loop.backend().require(Capability.IPV6_ONLY, "a listener for IPv6 alone");
    }
    InetSocketAddress chosen =
        options.isIpv4Only() ? address : SocketCalls.ofBothFamilies(loop, address);
    TcpListener listener = new TcpListener(loop, chosen);
    Handle handle = listener.acceptor.handle();
    boolean ipv6 = chosen.getAddress() instanceof Inet6Address;
    SocketCalls.open(loop, handle, SocketType.STREAM, chosen, options.setupOfListener(ipv6));
    boolean listening = false;
    try {
      SocketCalls.bind(loop, handle, chosen);
      SocketCalls.listen(loop, handle, chosen, options.backlog());
      listener.name.address = SocketCalls.localAddress(loop, handle);
      if (options.hasDirectDescriptors()) {
        listener.acceptor.acceptDirect();
      }
      listening = true;
      return listener;
    } finally {
      if (!listening) {
        SocketCalls.discard(loop, handle);
      }
    }
  }

  /**
   * Takes over a listening socket that the process has as a descriptor: one that it has inherited
   * ({@link InheritedSockets}), or that another process has passed ({@link Descriptor#release}). A
   * socket that is bound and does not listen yet begins to, with the backlog of {@link
   * SocketOptions#defaults}. From now on the descriptor belongs to the listener, which closes it.
   * The socket itself stays open as long as another process holds it.
   *
   * @param descriptor a TCP socket
   * @return an open listener
   * @throws IllegalArgumentException if it is another kind of descriptor, a connection, or has no
   *     address
   * @throws ErrnoException EBADF if it is not open; it stays the caller's
   * @throws UnsupportedOperationException on a selector, which has no such numbers
   */
  public static TcpListener adopt(int descriptor) throws IOException {
    EventLoop loop = EventLoop.require("adopt");
    Handle foreign = Handle.borrowed(descriptor, "descriptor " + descriptor);
    int backlog = SocketOptions.defaults().backlog();
    if (!(SocketCalls.listenOn(loop, foreign, SocketType.STREAM, backlog)
        instanceof InetSocketAddress local)) {
      throw new IllegalArgumentException(foreign.description() + " is not a TCP socket");
    }
    TcpListener listener = new TcpListener(loop, local);
    StackReserve.check();
    loop.backend().open(listener.acceptor.handle(), descriptor);
    return listener;
  }

  /**
   * Waits for the next connection. Suspends.
   *
   * @return an open connection
   * @throws ErrnoException EMFILE or ENFILE if no descriptor is left, ENOBUFS or ENOMEM: the
   *     listener stays usable, clients wait, and it is best to wait a little before the next call
   * @throws AsynchronousCloseException if the listener is closed during the call
   */
  public TcpSocket accept() throws IOException {
    return accept(Deadline.NEVER);
  }

  /**
   * Waits for the next connection, until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting
   * @return an open connection
   * @throws ErrnoException EMFILE or ENFILE if no descriptor is left, ENOBUFS or ENOMEM: the
   *     listener stays usable, clients wait, and it is best to wait a little before the next call
   * @throws AsynchronousCloseException if the listener is closed during the call
   * @throws dev.weft.error.DeadlineExceededException if no connection arrived
   */
  public TcpSocket accept(Deadline deadline) throws IOException {
    acceptor.await(deadline.nanoTime());
    return TcpSocket.accepted(loop, acceptor);
  }

  /**
   * Takes a connection if there is one. Does not suspend.
   *
   * @return an open connection, or null if none has arrived
   * @throws ErrnoException EMFILE or ENFILE if no descriptor is left, ENOBUFS or ENOMEM: the
   *     listener stays usable
   * @throws ClosedChannelException if the listener is closed
   */
  public @Nullable TcpSocket tryAccept() throws IOException {
    return acceptor.tryAwait() ? TcpSocket.accepted(loop, acceptor) : null;
  }

  /**
   * {@return the address and port that the listener is bound to; if port 0 was requested, the port
   * that the kernel chose}
   */
  public InetSocketAddress localAddress() {
    return name.address;
  }

  @Override
  public String toString() {
    return name.toString();
  }
}

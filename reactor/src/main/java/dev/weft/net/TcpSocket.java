// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.Deadline;
import dev.weft.bindings.weft_h;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.io.Acceptor;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.Endpoints;
import dev.weft.internal.io.SocketCalls;
import dev.weft.internal.os.SocketAddresses;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import dev.weft.io.ByteStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A TCP connection (tcp(7)). One fiber may read while another writes. A broken connection shows as
 * an {@link ErrnoException}: ECONNRESET when reading, EPIPE or ECONNRESET when writing; there is no
 * SIGPIPE.
 */
public final class TcpSocket implements ByteStream {
  static {
    Endpoints.register(TcpSocket.class, socket -> socket.endpoint);
  }

  private final Endpoint endpoint;
  private @Nullable InetSocketAddress remote;

  private TcpSocket(EventLoop loop, @Nullable InetSocketAddress remote) {
    this.remote = remote;
    Object description = remote == null ? "TCP socket" : new Connection(remote);
    endpoint = new Endpoint(loop, Endpoint.Kind.SOCKET, this, description);
  }

  /** What names a socket that nobody can reach any more. */
  private record Connection(InetSocketAddress remote) {
    @Override
    public String toString() {
      return "TCP socket connected to " + SocketAddresses.text(remote);
    }
  }

  /** Takes over a connection that {@code acceptor} has for us. */
  static TcpSocket accepted(EventLoop loop, Acceptor acceptor) {
    TcpSocket socket = new TcpSocket(loop, null);
    socket.endpoint.open(acceptor.take()); // allocates nothing: the connection can't be lost
    return socket;
  }

  /**
   * Connects to a server. Suspends.
   *
   * @param address a resolved address
   * @return an open connection
   * @throws ErrnoException ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH and so on (connect(2))
   * @throws java.net.UnknownHostException if {@code address} is not resolved
   */
  public static TcpSocket connect(InetSocketAddress address) throws IOException {
    return connect(address, SocketOptions.defaults(), Deadline.NEVER);
  }

  /**
   * Connects to a server, but does not wait for ever. Suspends.
   *
   * @param address a resolved address
   * @param deadline until when
   * @return an open connection
   * @throws ErrnoException ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH and so on (connect(2))
   * @throws java.net.UnknownHostException if {@code address} is not resolved
   * @throws dev.weft.error.DeadlineExceededException if it is not open by then
   */
  public static TcpSocket connect(InetSocketAddress address, Deadline deadline) throws IOException {
    return connect(address, SocketOptions.defaults(), deadline);
  }

  /**
   * Connects to a server with options. Suspends.
   *
   * @param address a resolved address
   * @param options how to set the socket up
   * @param deadline until when
   * @return an open connection
   * @throws ErrnoException ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH and so on (connect(2))
   * @throws java.net.UnknownHostException if {@code address} is not resolved
   * @throws dev.weft.error.DeadlineExceededException if it is not open by then
   */
  public static TcpSocket connect(
      InetSocketAddress address, SocketOptions options, Deadline deadline) throws IOException {
    Strand strand = Strand.require("connect");
    // Before there is a socket, not only before it connects.
    strand.checkBeforeWait("connect", address, deadline.nanoTime(), WaitMode.EXTERNAL);
    TcpSocket socket = new TcpSocket(strand.loop, address);
    Handle handle = socket.endpoint.handle();
    SocketCalls.stream(strand.loop, handle, address);
    boolean connected = false;
    try {
      SocketSetup.apply(strand.loop, handle, options, address);
      Op op = strand.op();
      int length = SocketAddresses.encode(address, op.scratch());
      op.connect(handle, op.scratch(), length);
      String subject = SocketAddresses.text(address);
      int result =
          strand.performRepeatedly("connect", subject, op, deadline.nanoTime(), WaitMode.EXTERNAL);
      if (result < 0) {
        throw new ErrnoException("connect", subject, -result);
      }
      connected = true;
      return socket;
    } finally {
      if (!connected) {
        SocketCalls.discard(strand.loop, handle);
      }
    }
  }

  @Override
  public int read(MemorySegment target, Deadline deadline) throws IOException {
    return endpoint.read(target, deadline.nanoTime());
  }

  @Override
  public void write(MemorySegment source, Deadline deadline) throws IOException {
    endpoint.write(source, deadline.nanoTime());
  }

  @Override
  public int writeSome(MemorySegment source, Deadline deadline) throws IOException {
    return endpoint.writeSome(source, deadline.nanoTime());
  }

  /**
   * Tells the peer that no more bytes will come; it can still send. Suspends.
   *
   * @throws ErrnoException ENOTCONN if the connection is gone
   */
  public void shutdownOutput() throws IOException {
    shutdownOutput(Deadline.NEVER);
  }

  /**
   * Tells the peer that no more bytes will come, but does not wait for ever. Suspends.
   *
   * @param deadline until when
   * @throws ErrnoException ENOTCONN if the connection is gone
   * @throws dev.weft.error.DeadlineExceededException if it took too long
   */
  public void shutdownOutput(Deadline deadline) throws IOException {
    shutdown(weft_h.SHUT_WR(), deadline);
  }

  /**
   * Reads no more: a read in progress, and every later one, gives what has come and then the end.
   * Suspends.
   *
   * @throws ErrnoException ENOTCONN if the connection is gone
   */
  public void shutdownInput() throws IOException {
    shutdownInput(Deadline.NEVER);
  }

  /**
   * Reads no more, as {@link #shutdownInput()} does, but does not wait for ever. Suspends.
   *
   * @param deadline until when
   * @throws ErrnoException ENOTCONN if the connection is gone
   * @throws dev.weft.error.DeadlineExceededException if it took too long
   */
  public void shutdownInput(Deadline deadline) throws IOException {
    shutdown(weft_h.SHUT_RD(), deadline);
  }

  private void shutdown(int how, Deadline deadline) throws IOException {
    Strand strand = endpoint.enter("shutdown");
    Op op = strand.op().shutdown(endpoint.handle(), how);
    int result =
        strand.performRepeatedly("shutdown", this, op, deadline.nanoTime(), WaitMode.EXTERNAL);
    endpoint.check("shutdown", result);
  }

  /**
   * Changes whether small segments are sent at once (TCP_NODELAY), which they are unless told
   * otherwise.
   *
   * @param noDelay false to let the kernel gather them
   * @throws IOException if the socket is closed
   */
  public void setNoDelay(boolean noDelay) throws IOException {
    endpoint.enter("setNoDelay");
    int level = weft_h.IPPROTO_TCP();
    SocketCalls.set(
        endpoint.loop, endpoint.handle(), level, weft_h.TCP_NODELAY(), noDelay ? 1 : 0, this);
  }

  /**
   * Makes {@link #close} reset the connection instead of ending it in order (SO_LINGER of zero).
   *
   * @throws IOException if the socket is closed
   */
  public void resetOnClose() throws IOException {
    endpoint.enter("resetOnClose");
    SocketCalls.linger(endpoint.loop, endpoint.handle(), Duration.ZERO, this);
  }

  /**
   * The address of this end.
   *
   * @return address and port
   * @throws IOException if the socket is closed
   */
  public InetSocketAddress localAddress() throws IOException {
    endpoint.enter("localAddress");
    return SocketCalls.localAddress(endpoint.loop, endpoint.handle());
  }

  /**
   * The address of the peer.
   *
   * @return address and port
   * @throws ErrnoException ENOTCONN if the peer has reset the connection before it was asked for
   */
  public InetSocketAddress remoteAddress() throws IOException {
    InetSocketAddress known = remote;
    if (known == null) {
      endpoint.enter("remoteAddress");
      known = SocketCalls.remoteAddress(endpoint.loop, endpoint.handle());
      remote = known;
    }
    return known;
  }

  /**
   * Whether {@link #close} has not been called.
   *
   * @return false afterwards
   */
  public boolean isOpen() {
    return endpoint.isOpen();
  }

  /**
   * Ends the connection. Bytes that the system has taken are still sent. Another fiber that is
   * reading or writing gets an {@link java.nio.channels.AsynchronousCloseException}. Suspends, even
   * in a cancelled fiber. Does nothing the second time.
   */
  @Override
  public void close() {
    endpoint.close(); // a socket's close(2) has nothing to report that a user could act on
  }

  @Override
  public String toString() {
    try {
      return SocketAddresses.text(remoteAddress());
    } catch (IOException | WrongThreadException e) {
      return "descriptor " + endpoint.handle().number();
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.error.PinnedException;
import dev.weft.internal.backend.Op;
import dev.weft.internal.io.Sockets;
import dev.weft.internal.os.SocketAddresses;
import dev.weft.internal.sched.EventLoop;
import dev.weft.internal.sched.Strand;
import dev.weft.internal.sched.Wait;
import dev.weft.internal.sched.WaitList;
import dev.weft.net.SocketOptions.Flag;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;

/**
 * A TCP server's socket. One request to the kernel accepts many connections (multishot), from the
 * first {@link #accept} on; those that nobody has fetched yet are kept; when there are {@value
 * #ACCEPTED_MAX} of them the kernel is asked to stop until they are fetched, and its backlog fills.
 * Any number of fibers may accept.
 */
public final class TcpListener implements AutoCloseable {
  private static final int ACCEPTED_MAX = 1024;

  private final EventLoop loop;
  private final int handle;
  private final InetSocketAddress address;
  private final Op accepting;
  private final WaitList waiters = new WaitList();

  /**
   * Handles that were accepted and not fetched. It grows: what the kernel accepts before it sees
   * our request to stop must not be dropped.
   */
  private int[] accepted = new int[16];

  private int firstAccepted;
  private int acceptedCount;

  /** Why the kernel stopped accepting, as a positive error number; 0 if it has not. */
  private int failure;

  private boolean closed;

  private TcpListener(EventLoop loop, int handle, InetSocketAddress address) {
    this.loop = loop;
    this.handle = handle;
    this.address = address;
    accepting = loop.backend().create(this::completed);
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
        options.has(Flag.IPV4_ONLY) ? address : Sockets.ofBothFamilies(loop, address);
    int handle = Sockets.stream(loop, chosen);
    boolean listening = false;
    try {
      boolean ipv6 = chosen.getAddress() instanceof Inet6Address;
      SocketSetup.applyBeforeBind(loop, handle, options, ipv6, chosen);
      // Accepted sockets inherit these, so that they cost nothing per connection.
      SocketSetup.apply(loop, handle, options, chosen);
      Sockets.bind(loop, handle, chosen);
      Sockets.listen(loop, handle, chosen, options.backlog());
      InetSocketAddress bound = Sockets.localAddress(loop, handle);
      listening = true;
      return new TcpListener(loop, handle, bound);
    } finally {
      if (!listening) {
        Sockets.discard(loop, handle);
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
    Strand strand = Strand.requireOf(loop, "accept", this);
    if (closed) {
      throw new ClosedChannelException();
    }
    strand.refuseIfOver("accept", this, deadline.nanoTime(), Wait.OUTSIDE);
    while (acceptedCount == 0) {
      if (failure != 0) {
        int code = failure;
        failure = 0; // the next call tries again
        throw new ErrnoException("accept", toString(), code);
      }
      if (!accepting.isBusy()) {
        loop.backend().submit(accepting.acceptMultishot(handle));
      }
      strand.await(waiters, "accept", this, deadline.nanoTime(), Wait.OUTSIDE);
      if (closed) {
        throw new AsynchronousCloseException();
      }
    }
    return new TcpSocket(strand, fetch(), null);
  }

  private int fetch() {
    int fetched = accepted[firstAccepted];
    firstAccepted = (firstAccepted + 1) & (accepted.length - 1);
    acceptedCount--;
    return fetched;
  }

  /** One connection, or the end of the multishot request. */
  private void completed(Op op) {
    int result = op.result();
    if (result >= 0) {
      keep(result);
    } else if (result != -Errno.ECANCELED.code() && result != -Errno.EINTR.code()) {
      failure = -result;
    }
    waiters.wakeOne();
    if (op.isDone()) {
      waiters.wakeAll(); // they must ask anew, since nothing more would come to them
    }
  }

  private void keep(int connection) {
    if (acceptedCount == accepted.length) {
      int[] larger = new int[acceptedCount * 2];
      for (int i = 0; i < acceptedCount; i++) {
        larger[i] = accepted[(firstAccepted + i) & (acceptedCount - 1)];
      }
      accepted = larger;
      firstAccepted = 0;
    }
    accepted[(firstAccepted + acceptedCount) & (accepted.length - 1)] = connection;
    acceptedCount++;
    if (acceptedCount >= ACCEPTED_MAX) {
      loop.backend().cancel(accepting);
    }
  }

  /**
   * Where the listener listens.
   *
   * @return address and port, the port that the kernel chose if 0 was asked for
   */
  public InetSocketAddress localAddress() {
    return address;
  }

  /**
   * Stops listening. Fibers that are accepting get an {@link AsynchronousCloseException};
   * connections that nobody has fetched are closed. Suspends if called in a fiber, even a cancelled
   * one. Does nothing the second time.
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    loop.requireThread("close", this);
    closed = true;
    waiters.wakeAll();
    endAccepting();
    while (acceptedCount > 0) {
      Sockets.discard(loop, fetch());
    }
    loop.backend().release(accepting);
    Sockets.discard(loop, handle);
  }

  private void endAccepting() {
    if (!accepting.isBusy()) {
      return;
    }
    loop.backend().cancel(accepting);
    Strand strand = Strand.current();
    if (strand == null) {
      loop.pollUntilDone(accepting);
    }
    while (accepting.isBusy()) {
      assert strand != null;
      try {
        strand.await(waiters, "close", this, Deadline.NEVER.nanoTime(), Wait.SHIELDED);
      } catch (PinnedException e) {
        loop.pollUntilDone(accepting); // what is open must be closed wherever we are
      }
    }
  }

  @Override
  public String toString() {
    return SocketAddresses.text(address);
  }
}

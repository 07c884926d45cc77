// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.ReactorGroup;
import dev.weft.ReactorThread;
import dev.weft.error.CancelledException;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.failure.UncaughtFailures;
import dev.weft.internal.fiber.WovenTasks;
import dev.weft.internal.io.Acceptor;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.InetAddresses;
import dev.weft.internal.io.SocketCalls;
import dev.weft.internal.server.ServerCore;
import dev.weft.internal.server.ServerPart;
import dev.weft.internal.server.ServerStart;
import dev.weft.internal.server.ServerTransport;
import dev.weft.internal.strand.EventLoop;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * TCP server: accepts connections on one port, on one reactor or on all of a group, and runs a
 * handler for each in a fiber of its own.
 *
 * <p>
 *
 * {@snippet :
 * try (ReactorGroup group = ReactorGroup.start();
 *     TcpServer server = TcpServer.start(group, address, options, Echo::serve)) {
 *   awaitSignal();
 *   server.shutdown(Deadline.after(Duration.ofSeconds(5)));
 * }
 * }
 *
 * <p>A handler that fails ends its connection, is reported ({@link ServerOptions#failureHandler})
 * and counted; the server continues. Where descriptors or memory are short, it pauses and tries
 * again. If the listener given to it is closed by others, the server stops accepting.
 *
 * <p>Except for the methods that start it, <b>all methods may be called from any thread</b>. In a
 * fiber those that wait suspend; they block other threads.
 */
public final class TcpServer implements AutoCloseable {
  private static final WovenTasks.Classes HANDLERS =
      new WovenTasks.Classes(Map.of(ConnectionHandler.class, "handle"), Object.class);

  private final ServerCore<TcpSocket> core;
  private final Transport transport;

  /** The group's; none if the server is on one reactor, which started it. */
  private List<ReactorThread> reactors = List.of();

  private TcpServer(
      ServerOptions options,
      ConnectionHandler<? super TcpSocket> handler,
      InetSocketAddress address,
      @Nullable TcpListener first,
      boolean handsOver) {
    transport = new Transport(options, handler, address, first);
    core = new ServerCore<>(transport, transport, options.connectionsMax(), handsOver);
  }

  /** The server as its parts see it, and its name. */
  private static final class Transport extends ServerTransport<TcpSocket> {
    private final ServerOptions options;
    private final ConnectionHandler<? super TcpSocket> handler;
    private final boolean isStackful;

    /** The listener that the server was given, until it is used. */
    private @Nullable TcpListener given;

    /** What all its listeners are duplicates of, or {@link Handle#NONE} if they share a port. */
    private int original = Handle.NONE;

    /** The listeners, which must not become garbage. Guarded by this. */
    private final List<TcpListener> listeners = new ArrayList<>();

    private volatile InetSocketAddress address;

    Transport(
        ServerOptions options,
        ConnectionHandler<? super TcpSocket> handler,
        InetSocketAddress address,
        @Nullable TcpListener given) {
      this.options = Objects.requireNonNull(options, "options");
      this.handler = Objects.requireNonNull(handler, "handler");
      this.address = Objects.requireNonNull(address, "address");
      this.given = given;
      isStackful = !HANDLERS.get(handler.getClass());
    }

    @Override
    public Acceptor listen(boolean shared) throws IOException {
      TcpListener listener = given;
      if (listener == null && original != Handle.NONE) {
        Handle known = Handle.borrowed(original, "descriptor " + original);
        listener = TcpListener.adopt(SocketCalls.duplicate(EventLoop.require("start"), known));
      } else if (listener == null) {
        SocketOptions of = options.socketOptions();
        listener = TcpListener.bind(address, shared ? of.withReusePort(true) : of);
      }
      given = null;
      address = listener.localAddress();
      synchronized (this) {
        listeners.add(listener);
      }
      Acceptor acceptor = Acceptor.IN.of(listener);
      assert acceptor != null;
      return acceptor;
    }

    synchronized TcpListener listener(int part) {
      return listeners.get(part);
    }

    /** The number of sockets that listen; duplicates are the same one. */
    synchronized int sockets() {
      return original == Handle.NONE ? listeners.size() : 1;
    }

    @Override
    public TcpSocket create(EventLoop loop) {
      return new TcpSocket(loop, null);
    }

    @Override
    public void open(TcpSocket connection, int descriptor) {
      Endpoint endpoint = Endpoint.IN.of(connection);
      assert endpoint != null;
      endpoint.open(descriptor);
    }

    @Override
    public void handle(TcpSocket connection) throws Exception {
      handler.handle(connection);
    }

    @Override
    public boolean isStackful() {
      return isStackful;
    }

    @Override
    public void acceptFailed(Throwable cause) {
      report(new ServerFailure(ServerFailure.Kind.ACCEPT, this, null, cause));
    }

    @Override
    public void handlerFailed(@Nullable TcpSocket connection, Throwable cause) {
      InetSocketAddress remote = connection == null ? null : addressOf(connection);
      report(new ServerFailure(ServerFailure.Kind.HANDLER, this, remote, cause));
    }

    private static @Nullable InetSocketAddress addressOf(TcpSocket connection) {
      try {
        return connection.remoteAddress();
      } catch (IOException e) {
        return null; // the connection is gone
      }
    }

    private void report(ServerFailure failure) {
      try {
        options.failureHandler().accept(failure);
      } catch (Throwable e) { // the failure must not be lost
        UncaughtFailures.report(failure.cause());
        UncaughtFailures.report(e);
      }
    }

    @Override
    public String toString() {
      return InetAddresses.text(address);
    }
  }

  // ---- on the current reactor

  /**
   * Starts a server with {@link ServerOptions#defaults} on the current reactor. To be called in a
   * fiber.
   *
   * @param address the address to listen on: see {@link TcpListener#bind}
   * @param handler the code for each connection; if its class has been woven, the fibers need no
   *     stack
   * @return an open server. The innermost bundle that the caller has open or runs in, or else the
   *     reactor, closes it at the latest, as a detached bundle ({@link Bundle#detached})
   * @throws dev.weft.error.ErrnoException EADDRINUSE, EACCES and so on (bind(2))
   * @throws java.net.UnknownHostException if {@code address} is not resolved
   */
  public static TcpServer start(
      InetSocketAddress address, ConnectionHandler<? super TcpSocket> handler) throws IOException {
    return start(address, ServerOptions.defaults(), handler);
  }

  /**
   * Starts a server on the current reactor. To be called in a fiber.
   *
   * @param address the address to listen on: see {@link TcpListener#bind}
   * @param options the settings
   * @param handler the code for each connection; if its class has been woven, the fibers need no
   *     stack
   * @return an open server, which is closed as a detached bundle at the latest
   * @throws dev.weft.error.ErrnoException EADDRINUSE, EACCES and so on (bind(2))
   * @throws java.net.UnknownHostException if {@code address} is not resolved
   */
  public static TcpServer start(
      InetSocketAddress address,
      ServerOptions options,
      ConnectionHandler<? super TcpSocket> handler)
      throws IOException {
    TcpServer server = new TcpServer(options, handler, address, null, false);
    server.startHere();
    return server;
  }

  /**
   * Starts a server on the current reactor, on a listener that is open already. To be called in a
   * fiber.
   *
   * @param listener a listener of this reactor on which no fiber accepts; the server closes it when
   *     it stops. If the server can't start, the listener stays open
   * @param options the settings, but for the options of sockets: those of the listener hold
   * @param handler the code for each connection; if its class has been woven, the fibers need no
   *     stack
   * @return an open server, which is closed as a detached bundle at the latest
   * @throws IllegalStateException if fibers have accepted connections on the listener
   */
  public static TcpServer start(
      TcpListener listener, ServerOptions options, ConnectionHandler<? super TcpSocket> handler) {
    Acceptor acceptor = Acceptor.IN.of(listener);
    assert acceptor != null;
    acceptor.requireUnused();
    TcpServer server = new TcpServer(options, handler, listener.localAddress(), listener, false);
    try {
      server.startHere();
    } catch (IOException e) {
      throw new AssertionError("the listener is open", e);
    }
    return server;
  }

  private void startHere() throws IOException {
    Bundle fibers = Bundle.detached(); // first: it requires a fiber
    ServerPart<TcpSocket> part = core.open(false);
    boolean started = false;
    try {
      fibers.go("accept on " + localAddress(), part::run);
      started = true;
    } finally {
      if (!started) {
        part.abandon();
      }
    }
  }

  // ---- on a group

  /**
   * Starts a server on all reactors of a group. <b>May be called from any thread</b>; suspends in a
   * fiber. A shutdown of the group, or of one of its reactors, lets the server stop accepting and
   * its handlers finish within the grace; a close of either ends it.
   *
   * @param group the reactors
   * @param address the address to listen on: see {@link TcpListener#bind}. With port 0 all
   *     listeners have the port that the kernel chooses for the first one
   * @param options the settings; {@link ServerOptions#distribution} says how the reactors get the
   *     connections
   * @param handler the code for each connection, which several threads run; if its class has been
   *     woven, the fibers need no stack
   * @return an open server, which the caller must close
   * @throws dev.weft.error.ErrnoException EADDRINUSE, EACCES and so on (bind(2)); nothing is left
   *     open then
   * @throws UnsupportedOperationException if the system has no SO_REUSEPORT: see {@link
   *     Distribution#BY_LOAD}
   * @throws IllegalArgumentException if connections get direct descriptors, which belong to one
   *     reactor, and are to be handed over
   * @throws java.net.UnknownHostException if {@code address} is not resolved
   * @throws RejectedExecutionException if the group is closed or has failed
   */
  public static TcpServer start(
      ReactorGroup group,
      InetSocketAddress address,
      ServerOptions options,
      ConnectionHandler<? super TcpSocket> handler)
      throws IOException {
    boolean handsOver = options.distribution() == Distribution.BY_LOAD;
    if (handsOver && options.socketOptions().hasDirectDescriptors()) {
      throw new IllegalArgumentException(
          "connections with direct descriptors can't be handed over: Distribution.BY_KERNEL");
    }
    TcpServer server = new TcpServer(options, handler, address, null, handsOver);
    server.startOn(group.reactors(), !handsOver && group.size() > 1);
    return server;
  }

  /**
   * Starts a server on all reactors of a group, on a listening socket that the process has as a
   * descriptor: one that it has inherited ({@link InheritedSockets#descriptor}), or that another
   * process has passed ({@link Descriptor#release}). <b>May be called from any thread</b>; suspends
   * in a fiber. Needs io_uring.
   *
   * @param group the reactors
   * @param listener a TCP socket that listens, or is bound and will; it belongs to the server from
   *     now on, which closes its descriptor
   * @param options the settings, but for the options of sockets: those of the listener hold. With
   *     {@link Distribution#BY_KERNEL} all reactors accept from the one socket, and the kernel
   *     chooses among those that wait
   * @param handler the code for each connection, which several threads run; if its class has been
   *     woven, the fibers need no stack
   * @return an open server, which the caller must close
   * @throws IllegalArgumentException if it is another kind of descriptor, a connection, or has no
   *     address; it stays the caller's
   * @throws dev.weft.error.ErrnoException EBADF if it is not open
   * @throws UnsupportedOperationException on a selector, which has no such numbers
   * @throws RejectedExecutionException if the group is closed or has failed
   */
  public static TcpServer start(
      ReactorGroup group,
      int listener,
      ServerOptions options,
      ConnectionHandler<? super TcpSocket> handler)
      throws IOException {
    Objects.requireNonNull(options, "options");
    Objects.requireNonNull(handler, "handler");
    boolean handsOver = options.distribution() == Distribution.BY_LOAD;
    List<ReactorThread> reactors = group.reactors();
    TcpListener first = ServerStart.call(reactors.getFirst(), () -> TcpListener.adopt(listener));
    TcpServer server = new TcpServer(options, handler, first.localAddress(), first, handsOver);
    server.transport.original = listener;
    server.startOn(reactors, false);
    return server;
  }

  private void startOn(List<ReactorThread> reactors, boolean shared) throws IOException {
    this.reactors = reactors;
    if (shared && transport.address.getPort() != 0) {
      // With shared ports another server on this port would go unnoticed.
      ServerStart.call(reactors.getFirst(), this::probe);
    }
    ServerStart.start(core, reactors, shared);
  }

  private boolean probe() throws IOException {
    TcpListener.bind(transport.address, transport.options.socketOptions()).close();
    return true;
  }

  // ---- handing over

  /**
   * Makes further descriptors for its listening sockets, to be passed to a process that takes over
   * ({@link UnixMessage#pass}). When that accepts, this server is shut down: clients are refused by
   * neither, since the connections in the kernel's backlog belong to the sockets. To be called in a
   * fiber; suspends. Needs io_uring.
   *
   * @return open descriptors of the current reactor, which the caller must close: one, or with
   *     {@link Distribution#BY_KERNEL} on several reactors one of each, since each has a backlog of
   *     its own
   * @throws java.nio.channels.ClosedChannelException if the server has stopped
   * @throws WrongThreadException if the server is on one reactor, and this is another one
   * @throws dev.weft.error.ErrnoException EMFILE and so on (fcntl(2))
   * @throws UnsupportedOperationException on a selector
   */
  public List<Descriptor> duplicateListeners() throws IOException {
    EventLoop loop = EventLoop.require("duplicate");
    List<Descriptor> made = new ArrayList<>();
    boolean done = false;
    try {
      for (int i = 0; i < transport.sockets(); i++) {
        TcpListener listener = transport.listener(i);
        int number =
            reactors.isEmpty()
                ? duplicateOf(listener)
                : ServerStart.call(reactors.get(i), () -> duplicateOf(listener));
        made.add(new Descriptor(loop, number));
      }
      done = true;
      return made;
    } finally {
      for (int i = 0; i < made.size() && !done; i++) {
        made.get(i).close();
      }
    }
  }

  /** Makes another descriptor for a listener of this reactor. */
  private static int duplicateOf(TcpListener listener) throws IOException {
    Acceptor acceptor = Acceptor.IN.of(listener);
    assert acceptor != null;
    acceptor.enter("duplicate");
    return SocketCalls.duplicate(EventLoop.require("duplicate"), acceptor.handle());
  }

  // ---- the end

  /**
   * Stops accepting and closes the listeners; returns immediately. Handlers continue, and those of
   * connections that the kernel has accepted are still started.
   */
  public void stop() {
    core.stop();
  }

  /**
   * Stops accepting, and waits until all handlers have ended; when {@code grace} has passed, those
   * that are left are cancelled. Suspends in a fiber. If called again meanwhile, the earliest
   * deadline counts.
   *
   * @param grace when to cancel the handlers; with {@link Deadline#NEVER} they are not cancelled
   * @throws CancelledException if the calling fiber is cancelled or the calling thread interrupted,
   *     whose interrupt status stays set; then the handlers are cancelled immediately, and have
   *     ended all the same
   * @throws IllegalStateException if the caller is a handler, which would wait for itself
   */
  public void shutdown(Deadline grace) {
    core.shutdown(grace.nanoTime());
  }

  /**
   * Waits until the server has ended, at most until {@code deadline}. Suspends in a fiber.
   *
   * @param deadline when to stop waiting
   * @throws dev.weft.error.DeadlineExceededException if it has not ended by then
   * @throws CancelledException if the calling fiber is cancelled or the calling thread interrupted
   * @throws IllegalStateException if the caller is a handler, which would wait for itself
   */
  public void await(Deadline deadline) {
    core.await("wait for", deadline.nanoTime());
  }

  /**
   * Stops accepting, cancels the handlers, and waits until all have ended, however long their
   * cleanups take: neither a cancel nor an interrupt ends the wait. Suspends in a fiber, even in a
   * cancelled one. Does nothing if the server has ended.
   *
   * @throws IllegalStateException if the caller is a handler, which would wait for itself
   */
  @Override
  public void close() {
    core.close();
  }

  // ---- the state

  /** {@return the address and port of all its listeners} */
  public InetSocketAddress localAddress() {
    return transport.address;
  }

  /** {@return whether it accepts connections, or waits for room to accept more} */
  public boolean isAccepting() {
    return core.isAccepting();
  }

  /** {@return the number of open connections} */
  public int connections() {
    return core.connections();
  }

  /** {@return the number of connections that it has accepted so far} */
  public long accepted() {
    return core.accepted();
  }

  /** {@return the number of handlers that have failed so far} */
  public long failed() {
    return core.failed();
  }

  /** {@return the address and port of its listeners} */
  @Override
  public String toString() {
    return transport.toString();
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.internal.fiber.Services;
import dev.weft.internal.io.Acceptor;
import dev.weft.internal.io.SocketCalls;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.micro.run.MicroDispatcher;
import dev.weft.internal.micro.run.ProcessTimers;
import dev.weft.internal.micro.run.ThreadControl;
import dev.weft.internal.micro.run.ThreadLog;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import dev.weft.net.SocketOption;
import dev.weft.net.SocketOptions;
import dev.weft.net.TcpListener;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * TCP server that accepts connections and starts a micro-process for each. The process's default
 * socket is the connection, which is closed when the process ends, however it ends.
 *
 * <p>When no descriptor is left for a connection, it retries after 10 ms; when the number of
 * connections has reached its limit, it waits until one ends. Belongs to the reactor that it was
 * started on.
 *
 * <p>A shutdown of its {@link dev.weft.ReactorThread} or {@link dev.weft.ReactorGroup} stops it, as
 * {@link #stop} does: connections that have a process continue until they end, or until the grace
 * ends and all processes are killed. Connections that it has not accepted yet are reset.
 */
public final class MicroService implements AutoCloseable {
  /** How many connections {@link #start(InetSocketAddress, MicroOptions, Supplier)} allows. */
  public static final int CONNECTIONS_MAX = 10_000;

  private static final int LISTENER_PAGES = 8;
  private static final long BACK_OFF_NANOS = 10_000_000;

  private final Supplier<? extends MicroThread> handlers;
  private final MicroOptions options;
  private final int connectionsMax;
  private final Set<MicroProcess> connections = new HashSet<>();
  private final TcpListener socket;
  private final Acceptor acceptor;
  private final EventLoop loop;

  // Others take their places if they fail.
  private Listener listener;
  private MicroProcess process;

  private boolean stopped;

  private final WaitList joiners = new WaitList();

  /** What a shutdown of the reactor calls. */
  private final Services.Service service = this::reactorEnds;

  /** One for all connections: each would have an object of its own. */
  private final Consumer<MicroProcess> onEnd = this::ended;

  private MicroService(
      TcpListener socket,
      MicroOptions options,
      int connectionsMax,
      Supplier<? extends MicroThread> handlers) {
    this.socket = socket;
    this.handlers = handlers;
    this.options = options;
    this.connectionsMax = connectionsMax;
    loop = EventLoop.require("start");
    acceptor = MicroProcess.acceptor(socket);
    listener = new Listener();
    process = startListening(listener);
    boolean added = false;
    try {
      Services.of(loop).add(service);
      added = true;
    } finally {
      if (!added) {
        stopNow();
      }
    }
  }

  /** Starts a process that accepts; the listening socket stays the service's. */
  private MicroProcess startListening(Listener main) {
    MicroOptions small =
        MicroOptions.ofPages(LISTENER_PAGES)
            .withStackful(options.stackful())
            .withSlab(options.slabBytes(), options.hugePages());
    MicroProcess started = MicroProcess.start(main, small, acceptor, this::listenerEnded);
    started.control.faults().limit(Integer.MAX_VALUE, Duration.ZERO); // it is never given up
    return started;
  }

  /**
   * Starts a server for up to {@value #CONNECTIONS_MAX} simultaneous connections.
   *
   * @param address the address to listen on; a wildcard address stands for both families. With port
   *     0 the kernel chooses a port, which {@link #localAddress} returns
   * @param options the options of the processes
   * @param handlers creates the first thread of each process
   * @return a listening server
   * @throws IOException EADDRINUSE, EACCES and so on (bind(2)); UnknownHostException if the address
   *     is not resolved
   */
  public static MicroService start(
      InetSocketAddress address, MicroOptions options, Supplier<? extends MicroThread> handlers)
      throws IOException {
    return start(address, options, CONNECTIONS_MAX, handlers);
  }

  /**
   * Starts a server.
   *
   * @param address the address to listen on; a wildcard address stands for both families. With port
   *     0 the kernel chooses a port, which {@link #localAddress} returns
   * @param options the options of the processes
   * @param connectionsMax the most simultaneous connections, at least 1
   * @param handlers creates the first thread of each process
   * @return a listening server
   * @throws IOException EADDRINUSE, EACCES and so on (bind(2)); UnknownHostException if the address
   *     is not resolved
   */
  public static MicroService start(
      InetSocketAddress address,
      MicroOptions options,
      int connectionsMax,
      Supplier<? extends MicroThread> handlers)
      throws IOException {
    requireValid(connectionsMax, handlers);
    StackReserve.check(); // from here on, the listener is closed if the call fails
    // Accepted sockets inherit the options. Without keep-alive, the connection of a client that
    // vanished silently would stay open indefinitely.
    SocketOptions inherited =
        SocketOptions.defaults()
            .with(SocketOption.KEEP_ALIVE, true)
            .withUserTimeout(options.userTimeout());
    TcpListener socket = TcpListener.bind(address, inherited);
    boolean started = false;
    try {
      MicroService service = new MicroService(socket, options, connectionsMax, handlers);
      started = true;
      return service;
    } finally {
      if (!started) {
        SocketCalls.discard(EventLoop.require("start"), MicroProcess.acceptor(socket).handle());
      }
    }
  }

  /**
   * Starts a server on a listener with options of its own, such as a shared port, the sizes of the
   * kernel's buffers or a backlog.
   *
   * @param listener a listener of this reactor on which no fiber accepts; the server closes it when
   *     it is stopped. If others close the listener, that stops the server. If the server can't
   *     start, the listener stays open
   * @param options the options of the processes, except for {@link MicroOptions#userTimeout}: the
   *     connections inherit the options of the listener
   * @param connectionsMax the most simultaneous connections, at least 1
   * @param handlers creates the first thread of each process
   * @return a listening server
   * @throws IllegalStateException if fibers have accepted connections on the listener
   * @throws IllegalArgumentException if the listener gives its connections direct descriptors
   */
  public static MicroService start(
      TcpListener listener,
      MicroOptions options,
      int connectionsMax,
      Supplier<? extends MicroThread> handlers) {
    requireValid(connectionsMax, handlers);
    if (MicroProcess.acceptor(listener).acceptsDirect()) {
      throw new IllegalArgumentException(
          "micro-threads have no direct descriptors, as the connections of the listener do");
    }
    StackReserve.check();
    return new MicroService(listener, options, connectionsMax, handlers);
  }

  private static void requireValid(int connectionsMax, Supplier<? extends MicroThread> handlers) {
    if (connectionsMax <= 0) {
      throw new IllegalArgumentException("connectionsMax must be positive: " + connectionsMax);
    }
    Objects.requireNonNull(handlers, "handlers");
  }

  /** {@return the address and port that the server listens on} */
  public InetSocketAddress localAddress() {
    return socket.localAddress();
  }

  /**
   * {@return the number of open connections: processes that have been started and have not ended}
   */
  public int connections() {
    return connections.size();
  }

  /**
   * {@return how many pages of 4096 bytes its connections occupy at present, see {@link
   * MicroHeap#residentPages}; none for a connection whose threads have no block while they wait for
   * the client}
   */
  public int residentPages() {
    int pages = 0;
    for (MicroProcess connection : connections) {
      pages += connection.heap().residentPages();
    }
    return pages;
  }

  /** Stops listening immediately; connections continue. Must be called on its reactor's thread. */
  public void stop() {
    loop.requireThread("stop", this);
    StackReserve.check();
    stopNow();
  }

  private void stopNow() {
    stopped = true;
    process.control.kill(process);
  }

  /**
   * The reactor is being shut down. It need not wait for the service: the fiber that runs the
   * processes lives as long as they.
   */
  private void reactorEnds() {
    stopNow();
    Services.of(loop).remove(service);
  }

  /**
   * Stops listening and ends all connections ({@link MicroProcess#kill}). Does not wait for them.
   * Must be called on its reactor's thread. If it throws because the stack is short, the service
   * stops listening at the end of the reactor's turn, and connections continue.
   */
  public void kill() {
    loop.requireThread("kill", this);
    try {
      StackReserve.check();
    } catch (StackOverflowError e) {
      loop.backend().closeLater(acceptor.handle()); // a smaller frame than the check's
      throw e;
    }
    stopNow();
    for (MicroProcess connection : connections) {
      connection.control.kill(connection);
    }
  }

  /** As {@link #kill}; {@link #join} waits until listener and connections have ended. */
  @Override
  public void close() {
    kill();
  }

  /**
   * Waits until the server has stopped listening and all connections have ended. Suspends the
   * calling fiber.
   */
  public void join() {
    join(Deadline.NEVER);
  }

  /**
   * Waits until the server has stopped listening and all connections have ended, or {@code
   * deadline} passes. Suspends the calling fiber.
   *
   * @param deadline when to stop waiting
   * @throws dev.weft.error.DeadlineExceededException if they have not ended by then; they continue
   */
  public void join(Deadline deadline) {
    Strand strand = process.control.requireJoiner(this);
    strand.checkBeforeWait("join", this, deadline.nanoTime(), WaitMode.EXTERNAL);
    while (isListening() || !connections.isEmpty()) {
      strand.await(joiners, "join", this, deadline.nanoTime(), WaitMode.EXTERNAL);
    }
  }

  /**
   * Closes the listening socket if that was asked for. If not, the process has failed, and another
   * takes its place; where that fails too, because memory was short, this is called again.
   */
  private void listenerEnded(MicroProcess ended) {
    MicroDispatcher dispatcher = ended.control.dispatcher();
    if (!stopped && isListening() && dispatcher != null && !dispatcher.isClosing()) {
      Listener other = new Listener();
      process = startListening(other);
      listener = other;
      return;
    }
    Services.of(loop).remove(service);
    SocketCalls.discard(loop, acceptor.handle());
    joiners.wakeAll();
  }

  private boolean isListening() {
    return acceptor.handle().isOpen();
  }

  /** Starts a process for a connection. If the supplier of handlers fails, accepting continues. */
  private void connected(MicroConnection peer) {
    MicroProcess started = null;
    boolean added = false;
    try {
      started = MicroProcess.start(handlers.get(), options, peer, onEnd);
      added = connections.add(started);
    } catch (Throwable e) {
      peer.close(); // first: there may be no memory left for the report
      process.control.report("a connection was refused: " + ThreadLog.describe(e));
    } finally {
      if (started != null && !added) {
        started.kill();
      }
    }
  }

  private void ended(MicroProcess connection) {
    connections.remove(connection);
    if (listener.isFull) {
      process.control.timers().awake(listener.control);
      listener.isFull = false;
    }
    joiners.wakeAll();
  }

  @Override
  public String toString() {
    return "micro-service on " + socket;
  }

  private final class Listener extends MicroThread {
    boolean isFull;

    /** Whether the last attempt to accept has failed, which has been reported. */
    private boolean isShort;

    private ProcessTimers timers() {
      return process().control.timers();
    }

    @Override
    protected void run() throws Exception {
      while (isListening()) { // or others have closed the socket
        while (connections.size() >= connectionsMax) {
          isFull = true;
          timers().await(control);
          ThreadControl.park();
        }
        MicroConnection peer = accept();
        if (peer != null) {
          isShort = false;
          connected(peer);
        } else {
          // No descriptor or memory is left; the end of a connection may free some.
          timers().sleep(control, BACK_OFF_NANOS);
          ThreadControl.park();
        }
      }
    }

    @Override
    protected void lastly() {
      if (errno() != null && errno() != Errno.EINTR) {
        if (!isShort && isListening()) {
          perror("accept"); // once, not a hundred times a second
        }
        isShort = true;
        lower();
      }
    }
  }
}

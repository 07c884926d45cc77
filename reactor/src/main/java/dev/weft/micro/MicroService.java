// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.Deadline;
import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.io.SocketCalls;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;

/**
 * A TCP server of micro-processes: it accepts connections, and starts a process for each, whose
 * default socket is the connection. A connection is closed when its process ends, however it ends.
 *
 * <p>When no descriptor is left for a connection, it waits a little and goes on; when there are as
 * many connections as are allowed, it waits until one ends. Belongs to the reactor that it was
 * started on.
 */
public final class MicroService implements AutoCloseable {
  /** As many connections as {@link #start(InetSocketAddress, MicroOptions, Supplier)} allows. */
  public static final int CONNECTIONS_MAX = 10_000;

  private static final int BACKLOG = 4096;
  private static final int LISTENER_PAGES = 8;
  private static final long BACK_OFF_NANOS = 10_000_000;

  private final Supplier<? extends MicroThread> handlers;
  private final MicroOptions options;
  private final int connectionsMax;
  private final InetSocketAddress address;
  private final Set<MicroProcess> connections = new HashSet<>();
  private final Listener listener = new Listener();
  private final MicroProcess process;
  private final WaitList joiners = new WaitList();

  private MicroService(
      InetSocketAddress wanted,
      MicroOptions options,
      int connectionsMax,
      Supplier<? extends MicroThread> handlers)
      throws IOException {
    this.handlers = handlers;
    this.options = options;
    this.connectionsMax = connectionsMax;
    EventLoop loop = EventLoop.require("start");
    InetSocketAddress chosen = SocketCalls.ofBothFamilies(loop, wanted);
    Handle descriptor = loop.backend().newHandle("listener of a micro-service");
    listen(loop, descriptor, chosen, options.userTimeoutMillis());
    boolean started = false;
    try {
      address = SocketCalls.localAddress(loop, descriptor);
      MicroOptions small =
          MicroOptions.ofPages(LISTENER_PAGES)
              .withStackful(options.stackful())
              .withSlab(options.slabBytes(), options.hugePages());
      process = MicroLaunch.listening(listener, small, descriptor, this::listenerEnded);
      process.faults.limit(Integer.MAX_VALUE, Duration.ZERO); // it is never given up
      started = true;
    } finally {
      if (!started) {
        SocketCalls.discard(loop, descriptor);
      }
    }
  }

  private static void listen(
      EventLoop loop, Handle descriptor, InetSocketAddress wanted, int userTimeoutMillis)
      throws IOException {
    SocketCalls.stream(loop, descriptor, wanted);
    boolean listening = false;
    try {
      int level = weft_h.SOL_SOCKET();
      SocketCalls.set(loop, descriptor, level, weft_h.SO_REUSEADDR(), 1, wanted);
      if (wanted.getAddress() instanceof Inet6Address) {
        int six = weft_h.IPPROTO_IPV6();
        SocketCalls.set(
            loop, descriptor, six, weft_h.IPV6_V6ONLY(), 0, wanted); // whatever the sysctl
      }
      // Inherited by what is accepted. A process writes all that it has at once anyway.
      int tcp = weft_h.IPPROTO_TCP();
      SocketCalls.set(loop, descriptor, tcp, weft_h.TCP_NODELAY(), 1, wanted);
      // Or a client that has vanished without a word would be a connection for ever.
      SocketCalls.set(loop, descriptor, level, weft_h.SO_KEEPALIVE(), 1, wanted);
      if (userTimeoutMillis > 0) {
        SocketCalls.set(
            loop, descriptor, tcp, weft_h.TCP_USER_TIMEOUT(), userTimeoutMillis, wanted);
      }
      SocketCalls.bind(loop, descriptor, wanted);
      SocketCalls.listen(loop, descriptor, wanted, BACKLOG);
      listening = true;
    } finally {
      if (!listening) {
        SocketCalls.discard(loop, descriptor);
      }
    }
  }

  /**
   * Starts a server for {@value #CONNECTIONS_MAX} connections at a time.
   *
   * @param address where to listen, a wildcard address for both families; port 0 lets the kernel
   *     choose, see {@link #localAddress}
   * @param options of the processes
   * @param handlers makes the first thread of each
   * @return a server that listens
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
   * @param address where to listen, a wildcard address for both families; port 0 lets the kernel
   *     choose, see {@link #localAddress}
   * @param options of the processes
   * @param connectionsMax how many connections there may be at a time, at least 1
   * @param handlers makes the first thread of each
   * @return a server that listens
   * @throws IOException EADDRINUSE, EACCES and so on (bind(2)); UnknownHostException if the address
   *     is not resolved
   */
  public static MicroService start(
      InetSocketAddress address,
      MicroOptions options,
      int connectionsMax,
      Supplier<? extends MicroThread> handlers)
      throws IOException {
    if (connectionsMax <= 0) {
      throw new IllegalArgumentException("connectionsMax must be positive: " + connectionsMax);
    }
    Objects.requireNonNull(handlers, "handlers");
    return new MicroService(address, options, connectionsMax, handlers);
  }

  /**
   * Where it listens.
   *
   * @return address and port
   */
  public InetSocketAddress localAddress() {
    return address;
  }

  /**
   * The connections at present.
   *
   * @return how many processes have been started and have not ended
   */
  public int connections() {
    return connections.size();
  }

  /**
   * What its connections take of the machine's memory at present: nothing for those whose threads
   * have no block while they wait for a client.
   *
   * @return how many pages of 4096 bytes, see {@link MicroHeap#residentPages}
   */
  public int residentPages() {
    int pages = 0;
    for (MicroProcess connection : connections) {
      pages += connection.heap().residentPages();
    }
    return pages;
  }

  /** Stops listening, at once; connections go on. On its reactor's thread. */
  public void stop() {
    process.kill();
  }

  /** Stops listening, and ends all connections ({@link MicroProcess#kill}), at once. */
  public void kill() {
    stop();
    for (MicroProcess connection : connections) {
      connection.kill();
    }
  }

  /** As {@link #kill}; {@link #join} waits until all is over. */
  @Override
  public void close() {
    kill();
  }

  /** Waits until it has stopped listening and all connections have ended. Suspends the fiber. */
  public void join() {
    join(Deadline.NEVER);
  }

  /**
   * Waits until it has stopped listening and all connections have ended, but not for ever. Suspends
   * the fiber.
   *
   * @param deadline until when
   * @throws dev.weft.error.DeadlineExceededException if they have not by then; they go on
   */
  public void join(Deadline deadline) {
    Strand strand = process.requireJoiner(this);
    strand.checkBeforeWait("join", this, deadline.nanoTime(), WaitMode.EXTERNAL);
    while (!process.isEnded() || !connections.isEmpty()) {
      strand.await(joiners, "join", this, deadline.nanoTime(), WaitMode.EXTERNAL);
    }
  }

  private void listenerEnded(MicroProcess ended) {
    joiners.wakeAll();
  }

  /** Starts a process for a connection. Whatever the handler's maker does, others are accepted. */
  private void connected(MicroConnection peer) {
    MicroProcess started = null;
    boolean noted = false;
    try {
      started = MicroLaunch.connection(handlers.get(), options, peer, this::ended);
      noted = connections.add(started);
    } catch (Throwable e) {
      process.report("a connection was refused: " + ThreadLog.describe(e));
      peer.discard(EventLoop.require("accept").backend());
    } finally {
      if (started != null && !noted) {
        started.kill();
      }
    }
  }

  private void ended(MicroProcess connection) {
    connections.remove(connection);
    if (listener.isFull) {
      process.alarms.awake(listener);
      listener.isFull = false;
    }
    joiners.wakeAll();
  }

  @Override
  public String toString() {
    return "micro-service on " + address;
  }

  private final class Listener extends MicroThread {
    boolean isFull;

    /** Whether the last attempt to accept has failed, which has been told. */
    private boolean isShort;

    @Override
    protected void run() throws Exception {
      while (true) {
        while (connections.size() >= connectionsMax) {
          isFull = true;
          process().alarms.await(this);
          park();
        }
        MicroConnection peer = accept();
        if (peer != null) {
          isShort = false;
          connected(peer);
        } else {
          // No descriptor or memory: there may be when a connection has ended.
          process().alarms.sleep(this, BACK_OFF_NANOS);
          park();
        }
      }
    }

    @Override
    protected void lastly() {
      if (errno() != null && errno() != Errno.EINTR) {
        if (!isShort) {
          perror("accept"); // and not a hundred times a second
        }
        isShort = true;
        lower();
      }
    }
  }
}

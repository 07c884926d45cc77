// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import dev.weft.Blocking;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.ReactorOptions;
import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.ErrnoException;
import dev.weft.examples.common.Program;
import dev.weft.examples.common.Programs;
import dev.weft.net.SocketOption;
import dev.weft.net.SocketOptions;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import dev.weft.os.Signal;
import dev.weft.os.Signals;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * The echo service: reactors that each listen on all addresses, with a fiber per connection, and a
 * few per address for datagrams.
 */
final class EchoService {
  private static final int BUFFER_BYTES_MIN = 4 << 10;
  private static final int BUFFER_BYTES_MAX = 64 << 10;
  private static final Duration BACK_OFF_MIN = Duration.ofMillis(10);
  private static final Duration BACK_OFF_MAX = Duration.ofSeconds(1);

  /** Running fibers use the stack of their reactor's thread, which a small -Xss would shrink. */
  private static final long STACK_BYTES = 2L << 20;

  /** Each reactor is pinned to a CPU: no other thread of this program needs much CPU time. */
  private final ReactorOptions pinned;

  private final List<InetSocketAddress> addresses;
  private final Duration grace;
  private final int reactors;
  private final boolean quiet;

  /** How long a client may send nothing; zero for no limit. */
  private final Duration idle;

  private final SocketOptions socketOptions;

  private final EchoSockets.Protocols protocols;

  /** Counts the other reactors that have begun to serve, or have ended. */
  private final CountDownLatch started;

  /**
   * Makes a service, which {@link #run} starts.
   *
   * @param options of its reactors, which it pins
   * @param grace how long connections are served after a signal
   * @param quiet whether connections that break are not reported
   * @param idle how long a client may send nothing, zero for no limit
   * @param sendTimeout how long a client may not read what is sent to it, zero for no limit
   */
  EchoService(
      ReactorOptions options,
      List<InetSocketAddress> addresses,
      EchoSockets.Protocols protocols,
      Duration grace,
      int reactors,
      boolean quiet,
      Duration idle,
      Duration sendTimeout) {
    pinned = options.withCpu(ReactorOptions.ANY_CPU);
    this.addresses = addresses;
    this.protocols = protocols;
    this.grace = grace;
    this.reactors = reactors;
    started = new CountDownLatch(reactors - 1);
    this.quiet = quiet;
    this.idle = idle;
    socketOptions =
        SocketOptions.defaults()
            .with(SocketOption.KEEP_ALIVE, true)
            .withUserTimeout(sendTimeout)
            .withReusePort(reactors > 1);
  }

  /** Serves until a signal comes; returns the exit status. */
  int run() throws Exception {
    try (Reactor reactor = Reactor.open(pinned)) {
      return reactor.call(this::serveAll);
    }
  }

  /** Opens the listeners of the first reactor, whose ports the other reactors share. */
  private int serveAll() throws Exception {
    List<EchoSockets> sockets = new ArrayList<>();
    List<FutureTask<Integer>> others = new ArrayList<>();
    try (Signals signals = Signals.open(Signal.INT, Signal.TERM)) {
      for (InetSocketAddress address : addresses) {
        if (reactors > 1) {
          EchoSockets.bind(address, protocols, SocketOptions.defaults(), quiet)
              .close(); // with shared ports, another server on this port would go unnoticed
        }
        sockets.add(bind(address));
      }
      List<InetSocketAddress> bound = sockets.stream().map(EchoSockets::address).toList();
      for (int i = 1; i < reactors; i++) {
        others.add(startOther(bound));
      }
      awaitOthers();
      sockets.forEach(each -> each.readyLines().forEach(EchoService::log));
      new Shift(sockets, signals).serve(true);
    } catch (ErrnoException e) {
      return failed(e);
    }
    for (FutureTask<Integer> other : others) {
      int status = statusOf(other);
      if (status != Program.SUCCESS) {
        return status;
      }
    }
    return Program.SUCCESS;
  }

  /** Waits until a signal reaches all reactors. */
  private void awaitOthers() throws Exception {
    Blocking.call(
        () -> {
          started.await();
          return true;
        });
  }

  private static int statusOf(FutureTask<Integer> other) throws Exception {
    try {
      return Blocking.call(other::get); // suspends this fiber alone
    } catch (ExecutionException e) {
      throw new IllegalStateException("a reactor failed", e.getCause());
    }
  }

  private FutureTask<Integer> startOther(List<InetSocketAddress> bound) {
    FutureTask<Integer> task =
        new FutureTask<>(
            () -> {
              try (Reactor reactor = Reactor.open(pinned)) {
                return reactor.call(() -> serveShared(bound));
              } finally {
                started.countDown(); // if it has failed before
              }
            });
    Thread.ofPlatform().daemon().name("reactor").stackSize(STACK_BYTES).start(task);
    return task;
  }

  private int serveShared(List<InetSocketAddress> bound) {
    try (Signals signals = Signals.open(Signal.INT, Signal.TERM)) {
      List<EchoSockets> sockets = new ArrayList<>();
      for (InetSocketAddress address : bound) {
        sockets.add(bind(address));
      }
      started.countDown();
      new Shift(sockets, signals).serve(false);
      return Program.SUCCESS;
    } catch (ErrnoException e) {
      return failed(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private EchoSockets bind(InetSocketAddress address) throws IOException {
    return EchoSockets.bind(address, protocols, socketOptions, quiet);
  }

  private static int failed(ErrnoException e) {
    Programs.report(
        IouPort7.NAME
            + ": "
            + e.operation()
            + " "
            + e.subject()
            + ": "
            + e.errno().text()
            + " ("
            + e.errno()
            + ")");
    return Program.FAILURE;
  }

  private static void log(String line) {
    Programs.report(line);
  }

  /** The work of one reactor, from its first connection to the end of its last. */
  private final class Shift {
    private final List<EchoSockets> sockets;
    private final Signals signals;
    private final Set<Fiber> connections = new HashSet<>();

    Shift(List<EchoSockets> sockets, Signals signals) {
      this.sockets = sockets;
      this.signals = signals;
    }

    void serve(boolean first) {
      sockets.forEach(this::start);
      signals.await();
      for (EchoSockets each : sockets) {
        each.close();
      }
      Fiber impatience = Fiber.start("second signal", () -> endAtOnce(first));
      awaitConnections();
      connections.forEach(Fiber::cancel);
      impatience.cancel();
    }

    private void start(EchoSockets started) {
      TcpListener listener = started.listener();
      EchoDatagrams datagrams = started.datagrams();
      if (listener != null) {
        Fiber.start("accept " + listener, () -> acceptAll(listener));
      }
      if (datagrams != null) {
        datagrams.start();
      }
    }

    private void endAtOnce(boolean first) {
      Signal signal = signals.await();
      if (first) {
        Runtime.getRuntime().halt(128 + signal.number());
      }
    }

    private void awaitConnections() {
      Deadline deadline = Deadline.after(grace);
      for (Fiber connection : List.copyOf(connections)) {
        try {
          connection.join(deadline);
        } catch (DeadlineExceededException e) {
          return;
        }
      }
    }

    private void acceptAll(TcpListener listener) {
      Duration backOff = BACK_OFF_MIN;
      while (true) {
        try {
          TcpSocket socket = listener.accept();
          backOff = BACK_OFF_MIN;
          connections.add(Fiber.start(() -> serve(socket)));
        } catch (ErrnoException e) {
          // Probably no descriptor is left: some become free when connections end.
          if (backOff.equals(BACK_OFF_MIN)) {
            log("tcp accept " + listener + ": " + e.errno().text() + " (" + e.errno() + ")");
          }
          Fiber.sleep(backOff);
          backOff = backOff.multipliedBy(2);
          backOff = backOff.compareTo(BACK_OFF_MAX) < 0 ? backOff : BACK_OFF_MAX;
        } catch (IOException e) {
          return; // the listener was closed
        }
      }
    }

    private void serve(TcpSocket socket) {
      try (socket) {
        if (!quiet) {
          socket.remoteAddress(); // while the socket is connected, for the report below
        }
        echo(socket);
      } catch (ErrnoException e) {
        if (!quiet) {
          log("tcp " + socket + ": " + e.errno().text() + " (" + e.errno() + ")");
        }
      } catch (DeadlineExceededException e) {
        if (!quiet) {
          log("tcp " + socket + ": closed, since the client has sent nothing for " + idle);
        }
      } catch (IOException | CancelledException e) {
        // closed or cancelled at the end of the grace time
      } finally {
        connections.remove(Fiber.current());
      }
    }
  }

  /** An idle connection holds a small buffer, one that fills it gets a larger one. */
  private void echo(TcpSocket socket) throws IOException {
    int bytes = BUFFER_BYTES_MIN;
    boolean open = true;
    while (open) {
      try (Arena arena = Arena.ofConfined()) {
        open = echo(socket, arena.allocate(bytes));
      }
      bytes = Math.min(bytes * 4, BUFFER_BYTES_MAX);
    }
  }

  /** Returns false at the end of the stream, true when a larger buffer would help. */
  private boolean echo(TcpSocket socket, MemorySegment buffer) throws IOException {
    while (true) {
      int count = socket.read(buffer, idle.isZero() ? Deadline.NEVER : Deadline.after(idle));
      if (count < 0) {
        return false;
      }
      socket.write(buffer.asSlice(0, count));
      if (count == buffer.byteSize() && count < BUFFER_BYTES_MAX) {
        return true;
      }
    }
  }
}

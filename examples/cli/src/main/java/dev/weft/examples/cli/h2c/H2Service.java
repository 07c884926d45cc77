// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.h2c;

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
import dev.weft.net.SocketOptions;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import dev.weft.os.Signal;
import dev.weft.os.Signals;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/** Reactors that each listen on all addresses, and a fiber per connection. */
final class H2Service {
  private static final Duration SEND_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration BACK_OFF_MIN = Duration.ofMillis(10);
  private static final Duration BACK_OFF_MAX = Duration.ofSeconds(1);

  /** Running fibers use the stack of their reactor's thread, which a small -Xss would shrink. */
  private static final long STACK_BYTES = 2L << 20;

  private final ReactorOptions pinned;
  private final List<InetSocketAddress> addresses;
  private final @Nullable Folder folder;
  private final Duration grace;
  private final int reactors;
  private final boolean quiet;
  private final SocketOptions socketOptions;

  /** Counts the other reactors that have begun to serve, or have ended. */
  private final CountDownLatch started;

  H2Service(
      ReactorOptions options,
      List<InetSocketAddress> addresses,
      @Nullable Folder folder,
      Duration grace,
      int reactors,
      boolean quiet) {
    pinned = options.withCpu(ReactorOptions.ANY_CPU);
    this.addresses = addresses;
    this.folder = folder;
    this.grace = grace;
    this.reactors = reactors;
    this.quiet = quiet;
    started = new CountDownLatch(reactors - 1);
    socketOptions =
        SocketOptions.defaults().withUserTimeout(SEND_TIMEOUT).withReusePort(reactors > 1);
  }

  /** Serves until a signal comes; returns the exit status. */
  int run() throws Exception {
    try (Reactor reactor = Reactor.open(pinned)) {
      return reactor.call(this::serveAll);
    }
  }

  /** Opens the listeners of the first reactor, whose ports the other reactors share. */
  private int serveAll() throws Exception {
    List<TcpListener> listeners = new ArrayList<>();
    List<FutureTask<Integer>> others = new ArrayList<>();
    try (Signals signals = Signals.open(Signal.INT, Signal.TERM)) {
      for (InetSocketAddress address : addresses) {
        if (reactors > 1) {
          TcpListener.bind(address)
              .close(); // with shared ports, another server on this port would go unnoticed
        }
        listeners.add(TcpListener.bind(address, socketOptions));
      }
      List<InetSocketAddress> bound = listeners.stream().map(TcpListener::localAddress).toList();
      for (int i = 1; i < reactors; i++) {
        others.add(startOther(bound));
      }
      Blocking.call(
          () -> {
            started.await();
            return true;
          });
      listeners.forEach(listener -> Programs.report("tcp listening on " + listener));
      new Shift(listeners, signals).serve(true);
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
      List<TcpListener> listeners = new ArrayList<>();
      for (InetSocketAddress address : bound) {
        listeners.add(TcpListener.bind(address, socketOptions));
      }
      started.countDown();
      new Shift(listeners, signals).serve(false);
      return Program.SUCCESS;
    } catch (ErrnoException e) {
      return failed(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int failed(ErrnoException e) {
    Programs.report(
        IouH2c.NAME
            + ": tcp listen "
            + e.subject()
            + ": "
            + e.errno().text()
            + " ("
            + e.errno()
            + ")");
    return Program.FAILURE;
  }

  /** The work of one reactor, from its first connection to the end of its last. */
  private final class Shift {
    private final List<TcpListener> listeners;
    private final Signals signals;

    /** The fibers of connections, each with the connection once that is ready for requests. */
    private final Map<Fiber, @Nullable H2Connection> connections = new HashMap<>();

    private boolean isEnding;

    Shift(List<TcpListener> listeners, Signals signals) {
      this.listeners = listeners;
      this.signals = signals;
    }

    void serve(boolean isFirst) {
      for (TcpListener listener : listeners) {
        Fiber.start("accept " + listener, () -> acceptAll(listener));
      }
      signals.await();
      isEnding = true;
      listeners.forEach(TcpListener::close);
      Fiber impatience = Fiber.start("second signal", () -> endImmediately(isFirst));
      List<Fiber> open = List.copyOf(connections.keySet());
      for (Fiber fiber : open) {
        H2Connection connection = connections.get(fiber);
        if (connection == null) {
          fiber.cancel();
        } else {
          Fiber.start("drain", () -> drain(connection));
        }
      }
      awaitAll(open);
      open.forEach(Fiber::cancel);
      impatience.cancel();
    }

    private void drain(H2Connection connection) {
      try {
        connection.drain();
      } catch (IOException e) {
        // the connection is broken, and so ends too
      }
    }

    private void endImmediately(boolean isFirst) {
      Signal signal = signals.await();
      if (isFirst) {
        Runtime.getRuntime().halt(128 + signal.number());
      }
    }

    private void awaitAll(List<Fiber> fibers) {
      Deadline deadline = Deadline.after(grace);
      for (Fiber fiber : fibers) {
        try {
          fiber.join(deadline);
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
          connections.put(Fiber.start(() -> serve(socket)), null);
        } catch (ErrnoException e) {
          // Probably no descriptor is left: some become free when connections end.
          if (backOff.equals(BACK_OFF_MIN)) {
            report("tcp accept " + listener + ": " + e.errno().text() + " (" + e.errno() + ")");
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
          socket.remoteAddress(); // while the socket is connected, for the reports below
        }
        H2Connection.serve(socket, folder, this::opened);
      } catch (DeadlineExceededException e) {
        report("tcp " + socket + ": closed, since the client has been silent for too long");
      } catch (IOException e) {
        if (!isEnding) {
          report("tcp " + socket + ": " + e.getMessage());
        }
      } catch (CancelledException e) {
        // the end of the grace time
      } finally {
        connections.remove(Fiber.current());
      }
    }

    private void opened(H2Connection connection) {
      connections.put(Fiber.current(), connection);
    }
  }

  private void report(String line) {
    if (!quiet) {
      Programs.report(line);
    }
  }
}

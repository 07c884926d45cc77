// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

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
import dev.weft.tls.TlsContext;
import dev.weft.tls.TlsSocket;
import dev.weft.tls.TruncatedStreamException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The echo service over TLS: a fiber for each listener and for each connection. */
final class TlsEchoService {
  private static final int BUFFER_BYTES_MIN = 4 << 10;
  private static final int BUFFER_BYTES_MAX = 64 << 10;
  private static final Duration BACK_OFF_MIN = Duration.ofMillis(10);
  private static final Duration BACK_OFF_MAX = Duration.ofSeconds(1);

  /**
   * How long things may take; zero for no limit, except for {@code grace}.
   *
   * @param grace open connections after a signal
   * @param handshake a handshake
   * @param idle a client that sends nothing
   * @param send a client that accepts no output
   */
  record Limits(Duration grace, Duration handshake, Duration idle, Duration send) {}

  private final ReactorOptions options;
  private final TlsContext context;
  private final Limits limits;
  private final boolean quiet;
  private final SocketOptions socketOptions;
  private final Set<Fiber> connections = new HashSet<>();

  /**
   * Makes a service, which {@link #run} starts.
   *
   * @param quiet whether connections that break are not reported
   */
  TlsEchoService(ReactorOptions options, TlsContext context, Limits limits, boolean quiet) {
    this.options = options;
    this.context = context;
    this.limits = limits;
    this.quiet = quiet;
    socketOptions =
        SocketOptions.defaults().with(SocketOption.KEEP_ALIVE, true).withUserTimeout(limits.send());
  }

  /** Serves until a signal comes; returns the exit status. */
  int run(List<InetSocketAddress> addresses) throws Exception {
    try (Reactor reactor = Reactor.open(options)) {
      return reactor.call(() -> serveAll(addresses));
    }
  }

  private int serveAll(List<InetSocketAddress> addresses) throws IOException {
    List<TcpListener> listeners = new ArrayList<>();
    try (Signals signals = Signals.open(Signal.INT, Signal.TERM)) {
      for (InetSocketAddress address : addresses) {
        listeners.add(TcpListener.bind(address, socketOptions));
      }
      for (TcpListener listener : listeners) {
        Programs.report("tls listening on " + listener);
        Fiber.start("accept " + listener, () -> acceptAll(listener));
      }
      signals.await();
      listeners.forEach(TcpListener::close);
      Fiber impatience = Fiber.start("second signal", () -> endAtOnce(signals));
      awaitConnections();
      connections.forEach(Fiber::cancel);
      impatience.cancel();
      return Program.SUCCESS;
    } catch (ErrnoException e) {
      Programs.report(IouTlsd.NAME + ": tls listen " + e.subject() + ": " + text(e));
      listeners.forEach(TcpListener::close);
      return Program.FAILURE;
    }
  }

  private static String text(ErrnoException e) {
    return e.errno().text() + " (" + e.errno() + ")";
  }

  private static void endAtOnce(Signals signals) {
    Signal signal = signals.await();
    Runtime.getRuntime().halt(128 + signal.number());
  }

  private void awaitConnections() {
    Deadline deadline = Deadline.after(limits.grace());
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
          Programs.report("tls accept " + listener + ": " + text(e));
        }
        Fiber.sleep(backOff);
        backOff = backOff.multipliedBy(2);
        backOff = backOff.compareTo(BACK_OFF_MAX) < 0 ? backOff : BACK_OFF_MAX;
      } catch (IOException e) {
        return; // the listener was closed
      }
    }
  }

  /** Makes the handshake here, and not in the loop that accepts: a slow client delays no other. */
  private void serve(TcpSocket connection) {
    try (connection) {
      connection.remoteAddress(); // while the socket is connected, for reports
      String doing = "handshake: ";
      try (TlsSocket socket = TlsSocket.accept(connection, context, within(limits.handshake()))) {
        doing = "";
        echo(socket);
      } catch (ErrnoException e) {
        report(connection, doing + text(e));
      } catch (DeadlineExceededException e) {
        report(
            connection,
            doing.isEmpty()
                ? "closed, since the client has sent nothing for " + limits.idle()
                : doing + "not within " + limits.handshake());
      } catch (TruncatedStreamException e) {
        report(connection, "the client has closed the connection without ending the session");
      } catch (ClosedChannelException e) {
        // closed at the end of the grace time
      } catch (IOException e) {
        report(connection, doing + e.getMessage());
      }
    } catch (IOException | CancelledException e) {
      // gone before it began, or cancelled at the end of the grace time
    } finally {
      connections.remove(Fiber.current());
    }
  }

  private static Deadline within(Duration limit) {
    return limit.isZero() ? Deadline.NEVER : Deadline.after(limit);
  }

  private void report(TcpSocket connection, String what) {
    if (!quiet) {
      Programs.report("tls " + connection + ": " + what);
    }
  }

  /** An idle connection holds a small buffer, one that fills it gets a larger one. */
  private void echo(TlsSocket socket) throws IOException {
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
  private boolean echo(TlsSocket socket, MemorySegment buffer) throws IOException {
    while (true) {
      int count = socket.read(buffer, within(limits.idle()));
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

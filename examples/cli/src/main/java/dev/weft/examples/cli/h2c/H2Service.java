// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.h2c;

import dev.weft.Fiber;
import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.examples.cli.server.ListeningSockets;
import dev.weft.examples.cli.server.ReactorServer;
import dev.weft.examples.cli.server.TcpSockets;
import dev.weft.examples.common.Programs;
import dev.weft.net.SocketOptions;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The connections of one reactor, a fiber each. */
final class H2Service implements ReactorServer {
  private final @Nullable Folder folder;
  private final boolean quiet;

  /** The open connections, and those of them that are ready for requests. */
  private final Set<Fiber> open = new HashSet<>();

  private final Map<Fiber, H2Connection> ready = new HashMap<>();

  private boolean isEnding;

  H2Service(@Nullable Folder folder, boolean quiet) {
    this.folder = folder;
    this.quiet = quiet;
  }

  @Override
  public ListeningSockets bind(InetSocketAddress address, SocketOptions options)
      throws IOException {
    return TcpSockets.bind("tcp", address, options, this::serve, this::report);
  }

  @Override
  public ListeningSockets adopt(int descriptor) throws IOException {
    return TcpSockets.adopt("tcp", descriptor, this::serve, this::report);
  }

  @Override
  public void drain() {
    isEnding = true;
    for (Fiber fiber : List.copyOf(open)) {
      H2Connection connection = ready.get(fiber);
      if (connection == null) {
        fiber.cancel();
      } else {
        Fiber.start("drain", () -> drain(connection));
      }
    }
  }

  private void drain(H2Connection connection) {
    try {
      connection.drain();
    } catch (IOException e) {
      // the connection is broken, and so ends too
    }
  }

  private void serve(TcpSocket socket) {
    open.add(Fiber.current());
    try (socket) {
      if (isEnding) { // it was accepted at the last moment
        return;
      }
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
      ready.remove(Fiber.current());
      open.remove(Fiber.current());
    }
  }

  private void opened(H2Connection connection) {
    ready.put(Fiber.current(), connection);
  }

  private void report(String line) {
    if (!quiet) {
      Programs.report(line);
    }
  }
}

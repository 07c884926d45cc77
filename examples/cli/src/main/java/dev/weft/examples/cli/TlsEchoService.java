// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.ErrnoException;
import dev.weft.examples.cli.server.ListeningSockets;
import dev.weft.examples.cli.server.ReactorServer;
import dev.weft.examples.cli.server.TcpSockets;
import dev.weft.examples.common.Programs;
import dev.weft.net.SocketOptions;
import dev.weft.net.TcpSocket;
import dev.weft.tls.TlsContext;
import dev.weft.tls.TlsSocket;
import dev.weft.tls.TruncatedStreamException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;

/** The echo service over TLS: a fiber for each connection. */
final class TlsEchoService implements ReactorServer {
  /**
   * How long things may take; zero for no limit.
   *
   * @param handshake a handshake
   * @param idle a client that sends nothing
   */
  record Limits(Duration handshake, Duration idle) {}

  private final TlsContext context;
  private final Limits limits;
  private final boolean quiet;

  /**
   * Makes a service.
   *
   * @param quiet whether connections that break are not reported
   */
  TlsEchoService(TlsContext context, Limits limits, boolean quiet) {
    this.context = context;
    this.limits = limits;
    this.quiet = quiet;
  }

  @Override
  public ListeningSockets bind(InetSocketAddress address, SocketOptions options)
      throws IOException {
    return TcpSockets.bind("tls", address, options, this::serve, Programs::report);
  }

  @Override
  public ListeningSockets adopt(int descriptor) throws IOException {
    return TcpSockets.adopt("tls", descriptor, this::serve, Programs::report);
  }

  /** Makes the handshake here, and not in the loop that accepts: a slow client delays no other. */
  private void serve(TcpSocket connection) {
    try (connection) {
      connection.remoteAddress(); // while the socket is connected, for reports
      String doing = "handshake: ";
      try (TlsSocket socket =
          TlsSocket.accept(connection, context, Echo.within(limits.handshake()))) {
        doing = "";
        Echo.serve(socket, limits.idle());
      } catch (ErrnoException e) {
        report(connection, doing + Programs.text(e));
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
    }
  }

  private void report(TcpSocket connection, String what) {
    if (!quiet) {
      Programs.report("tls " + connection + ": " + what);
    }
  }
}

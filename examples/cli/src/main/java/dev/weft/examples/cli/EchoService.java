// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.ErrnoException;
import dev.weft.examples.cli.server.ListeningSockets;
import dev.weft.examples.cli.server.ReactorServer;
import dev.weft.examples.common.Programs;
import dev.weft.net.SocketOptions;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;

/** The echo service: a fiber per connection, and a few per address for datagrams. */
final class EchoService implements ReactorServer {
  private final EchoSockets.Protocols protocols;
  private final boolean quiet;

  /** How long a client may send nothing; zero for no limit. */
  private final Duration idle;

  /**
   * Makes a service.
   *
   * @param quiet whether connections that break are not reported
   * @param idle how long a client may send nothing, zero for no limit
   */
  EchoService(EchoSockets.Protocols protocols, boolean quiet, Duration idle) {
    this.protocols = protocols;
    this.quiet = quiet;
    this.idle = idle;
  }

  @Override
  public ListeningSockets bind(InetSocketAddress address, SocketOptions options)
      throws IOException {
    return EchoSockets.bind(address, protocols, options, this::serve, quiet);
  }

  @Override
  public ListeningSockets adopt(int descriptor) throws IOException {
    return EchoSockets.adopt(descriptor, protocols, this::serve, quiet);
  }

  private void serve(TcpSocket socket) {
    try (socket) {
      if (!quiet) {
        socket.remoteAddress(); // while the socket is connected, for the report below
      }
      Echo.serve(socket, idle);
    } catch (ErrnoException e) {
      if (!quiet) {
        Programs.report("tcp " + socket + ": " + Programs.text(e));
      }
    } catch (DeadlineExceededException e) {
      if (!quiet) {
        Programs.report(
            "tcp " + socket + ": closed, since the client has sent nothing for " + idle);
      }
    } catch (IOException | CancelledException e) {
      // closed or cancelled at the end of the grace time
    }
  }
}

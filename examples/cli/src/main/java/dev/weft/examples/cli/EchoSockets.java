// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.examples.cli.server.ListeningSockets;
import dev.weft.examples.cli.server.TcpSockets;
import dev.weft.examples.common.Programs;
import dev.weft.net.ConnectionHandler;
import dev.weft.net.SocketOptions;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The sockets of the echo service on one address, in one reactor: for TCP, UDP or both. */
final class EchoSockets implements ListeningSockets {
  /** How many ports are tried until one is free for both protocols. */
  private static final int PORTS_MAX = 50;

  /** What is served. */
  record Protocols(boolean tcp, boolean udp) {}

  private final @Nullable TcpSockets stream;
  private final @Nullable EchoDatagrams datagrams;

  private EchoSockets(@Nullable TcpSockets stream, @Nullable EchoDatagrams datagrams) {
    this.stream = stream;
    this.datagrams = datagrams;
  }

  /**
   * Opens the sockets on the same port. If {@code address} has port 0, that is one which is free
   * for all of them.
   *
   * @throws ErrnoException whose operation says which of the protocols has failed
   */
  static EchoSockets bind(
      InetSocketAddress address,
      Protocols protocols,
      SocketOptions options,
      ConnectionHandler<TcpSocket> handler,
      boolean quiet)
      throws IOException {
    for (int attempt = 1; ; attempt++) {
      TcpSockets stream =
          protocols.tcp
              ? TcpSockets.bind("tcp", address, options, handler, Programs::report)
              : null;
      boolean done = false;
      try {
        EchoDatagrams datagrams =
            protocols.udp
                ? datagrams(stream == null ? address : stream.address(), options, quiet)
                : null;
        done = true;
        return new EchoSockets(stream, datagrams);
      } catch (ErrnoException e) {
        boolean isTaken = e.errno() == Errno.EADDRINUSE && address.getPort() == 0;
        if (!isTaken || attempt == PORTS_MAX) {
          throw e;
        }
      } finally {
        if (!done && stream != null) {
          stream.close();
        }
      }
    }
  }

  /** Takes over a listener or a UDP socket, whichever is served. */
  static EchoSockets adopt(
      int descriptor, Protocols protocols, ConnectionHandler<TcpSocket> handler, boolean quiet)
      throws IOException {
    if (protocols.tcp) {
      try {
        return new EchoSockets(
            TcpSockets.adopt("tcp", descriptor, handler, Programs::report), null);
      } catch (IllegalArgumentException e) {
        if (!protocols.udp) {
          throw e;
        }
      }
    }
    return new EchoSockets(null, EchoDatagrams.adopt(descriptor, quiet));
  }

  private static EchoDatagrams datagrams(
      InetSocketAddress address, SocketOptions options, boolean quiet) throws IOException {
    try {
      return EchoDatagrams.bind(address, options, quiet);
    } catch (ErrnoException e) {
      throw TcpSockets.listenFailure("udp", e);
    }
  }

  @Override
  public InetSocketAddress address() {
    if (stream != null) {
      return stream.address();
    }
    if (datagrams != null) {
      return datagrams.localAddress();
    }
    throw new IllegalStateException("there are no sockets");
  }

  @Override
  public List<Object> sockets() {
    List<Object> open = new ArrayList<>();
    if (stream != null) {
      open.addAll(stream.sockets());
    }
    if (datagrams != null) {
      open.add(datagrams.socket());
    }
    return open;
  }

  @Override
  public List<String> readyLines() {
    List<String> lines = new ArrayList<>();
    if (stream != null) {
      lines.addAll(stream.readyLines());
    }
    if (datagrams != null) {
      lines.add("udp listening on " + (stream == null ? datagrams : stream));
    }
    return lines;
  }

  @Override
  public void start() {
    if (stream != null) {
      stream.start();
    }
    if (datagrams != null) {
      datagrams.start();
    }
  }

  @Override
  public void stop() {
    if (stream != null) {
      stream.stop();
    }
    if (datagrams != null) {
      datagrams.stop();
    }
  }

  @Override
  public void drain(Deadline grace) {
    if (datagrams != null) {
      datagrams.drain();
    }
    if (stream != null) {
      stream.drain(grace);
    }
  }

  @Override
  public void close() {
    if (stream != null) {
      stream.close();
    }
    if (datagrams != null) {
      datagrams.close();
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.net.SocketOptions;
import dev.weft.net.TcpListener;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The sockets of the echo service on one address, in one reactor: for TCP, UDP or both. */
final class EchoSockets implements AutoCloseable {
  /** How many ports are tried until one is free for both protocols. */
  private static final int PORTS_MAX = 50;

  /** What is served. */
  record Protocols(boolean tcp, boolean udp) {}

  private final @Nullable TcpListener listener;
  private final @Nullable EchoDatagrams datagrams;

  private EchoSockets(@Nullable TcpListener listener, @Nullable EchoDatagrams datagrams) {
    this.listener = listener;
    this.datagrams = datagrams;
  }

  /**
   * Opens the sockets on the same port. If {@code address} has port 0, that is one which is free
   * for all of them.
   *
   * @throws ErrnoException whose operation says which of the protocols has failed
   */
  static EchoSockets bind(
      InetSocketAddress address, Protocols protocols, SocketOptions options, boolean quiet)
      throws IOException {
    for (int attempt = 1; ; attempt++) {
      TcpListener listener = protocols.tcp ? listen(address, options) : null;
      boolean done = false;
      try {
        EchoDatagrams datagrams =
            protocols.udp
                ? datagrams(listener == null ? address : listener.localAddress(), options, quiet)
                : null;
        done = true;
        return new EchoSockets(listener, datagrams);
      } catch (ErrnoException e) {
        boolean isTaken = e.errno() == Errno.EADDRINUSE && address.getPort() == 0;
        if (!isTaken || attempt == PORTS_MAX) {
          throw e;
        }
      } finally {
        if (!done && listener != null) {
          listener.close();
        }
      }
    }
  }

  private static TcpListener listen(InetSocketAddress address, SocketOptions options)
      throws IOException {
    try {
      return TcpListener.bind(address, options);
    } catch (ErrnoException e) {
      throw failure("tcp", e);
    }
  }

  private static EchoDatagrams datagrams(
      InetSocketAddress address, SocketOptions options, boolean quiet) throws IOException {
    try {
      return EchoDatagrams.bind(address, options, quiet);
    } catch (ErrnoException e) {
      throw failure("udp", e);
    }
  }

  private static ErrnoException failure(String protocol, ErrnoException e) {
    ErrnoException named = new ErrnoException(protocol + " listen", e.subject(), e.code());
    named.initCause(e);
    return named;
  }

  @Nullable TcpListener listener() {
    return listener;
  }

  @Nullable EchoDatagrams datagrams() {
    return datagrams;
  }

  /** The address that the sockets share. */
  InetSocketAddress address() {
    if (listener != null) {
      return listener.localAddress();
    }
    if (datagrams != null) {
      return datagrams.localAddress();
    }
    throw new IllegalStateException("there are no sockets");
  }

  /** The lines that say that each of the sockets is ready. */
  List<String> readyLines() {
    String at = " listening on " + (listener == null ? String.valueOf(datagrams) : listener);
    return listener == null
        ? List.of("udp" + at)
        : datagrams == null ? List.of("tcp" + at) : List.of("tcp" + at, "udp" + at);
  }

  @Override
  public void close() {
    if (listener != null) {
      listener.close();
    }
    if (datagrams != null) {
      datagrams.close();
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import java.io.IOException;
import java.net.BindException;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.NetworkChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;

/** Makes listeners of bound sockets. */
final class Listeners {
  private static final List<SocketOption<?>> COPIED =
      List.of(StandardSocketOptions.SO_REUSEPORT, StandardSocketOptions.SO_RCVBUF);

  private static final int BACKLOG_OF_PATH = 4096;

  private Listeners() {}

  /**
   * Replaces a socket by a listener with its address and options, and closes it.
   *
   * <p>Linux lets both be bound at once if both have SO_REUSEADDR, so that no other process can
   * take the port in between. Where the system refuses that, the socket is closed first.
   */
  static ServerSocketChannel replace(SocketChannel socket, ProtocolFamily family, int backlog)
      throws IOException {
    SocketAddress address = socket.getLocalAddress();
    ServerSocketChannel listener = ServerSocketChannel.open(family);
    boolean made = false;
    try {
      listener.configureBlocking(false);
      for (SocketOption<?> option : COPIED) {
        copy(socket, listener, option);
      }
      bind(socket, listener, address, Math.max(1, backlog));
      made = true;
      return listener;
    } finally {
      if (made) {
        socket.close();
      } else {
        listener.close();
      }
    }
  }

  /** Makes a listener on a path. It takes connections already, since the JDK binds none apart. */
  static ServerSocketChannel ofPath(SocketAddress path) throws IOException {
    ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    boolean made = false;
    try {
      listener.configureBlocking(false);
      listener.bind(path, BACKLOG_OF_PATH);
      made = true;
      return listener;
    } finally {
      if (!made) {
        listener.close();
      }
    }
  }

  private static <T> void copy(NetworkChannel from, NetworkChannel to, SocketOption<T> option)
      throws IOException {
    if (from.supportedOptions().contains(option) && to.supportedOptions().contains(option)) {
      to.setOption(option, from.getOption(option));
    }
  }

  private static void bind(
      SocketChannel socket, ServerSocketChannel listener, SocketAddress address, int backlog)
      throws IOException {
    if (address != null) {
      socket.setOption(StandardSocketOptions.SO_REUSEADDR, true);
    }
    try {
      listener.bind(address, backlog);
    } catch (BindException e) {
      socket.close();
      listener.bind(address, backlog);
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.server;

import dev.weft.Fiber;
import dev.weft.net.SocketOptions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;

/** What a server does on one of its reactors. */
public interface ReactorServer {
  /**
   * Opens the sockets of an address.
   *
   * @param address where to listen
   * @param options of the sockets
   * @return open sockets
   * @throws dev.weft.error.ErrnoException whose operation says which protocol has failed
   * @throws IOException if the sockets can't be opened
   */
  ListeningSockets bind(InetSocketAddress address, SocketOptions options) throws IOException;

  /**
   * Asks connections to end, after the sockets have been closed. Those that are still open after
   * the grace time are cancelled.
   *
   * @param connections the fibers of those that are open
   */
  default void drain(List<Fiber> connections) {}
}

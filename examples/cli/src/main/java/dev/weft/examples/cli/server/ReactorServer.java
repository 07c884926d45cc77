// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.server;

import dev.weft.net.SocketOptions;
import java.io.IOException;
import java.net.InetSocketAddress;

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
   * Takes over a socket that is open already.
   *
   * @param descriptor its descriptor, which belongs to the result from now on
   * @return open sockets
   * @throws IllegalArgumentException if it is of a kind that is not served
   * @throws IOException if it is not open
   * @throws UnsupportedOperationException on a selector
   */
  ListeningSockets adopt(int descriptor) throws IOException;

  /**
   * Asks connections to end, after the sockets have been stopped. Those that are still open after
   * the grace time are cancelled.
   */
  default void drain() {}
}

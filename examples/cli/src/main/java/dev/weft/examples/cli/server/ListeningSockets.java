// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.server;

import java.net.InetSocketAddress;
import java.util.List;

/** The sockets of a server on one address, in one reactor. */
public interface ListeningSockets extends AutoCloseable {
  /** {@return the address that the sockets share} */
  InetSocketAddress address();

  /** {@return the lines that say that each of the sockets is ready} */
  List<String> readyLines();

  /**
   * Starts fibers that serve, until the sockets are closed.
   *
   * @param connections of the reactor, where those that are accepted belong
   */
  void start(Connections connections);

  @Override
  void close();
}

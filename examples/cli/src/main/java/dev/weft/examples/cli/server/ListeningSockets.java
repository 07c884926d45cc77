// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.server;

import dev.weft.Deadline;
import java.net.InetSocketAddress;
import java.util.List;

/** The sockets of a server on one address, in one reactor, and the connections that it accepts. */
public interface ListeningSockets extends AutoCloseable {
  /** {@return the address that the sockets share} */
  InetSocketAddress address();

  /** {@return the lines that say that each of the sockets is ready} */
  List<String> readyLines();

  /** {@return the open sockets, in a form that can be passed to another program} */
  List<Object> sockets();

  /** Starts fibers that serve, until {@link #stop}. */
  void start();

  /** Accepts nothing more; connections stay open. */
  void stop();

  /**
   * Waits for the end of the connections after {@link #stop}, and cancels those that are left when
   * the grace has passed. Suspends.
   *
   * @param grace when to cancel them
   */
  void drain(Deadline grace);

  /** Closes sockets that have not been started. */
  @Override
  void close();
}

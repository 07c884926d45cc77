// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.routine.Suspends;

/**
 * The code that serves one connection of a server, in a fiber of its own. It may suspend.
 *
 * @param <S> the type of the connection
 */
@FunctionalInterface
public interface ConnectionHandler<S> {
  /**
   * Serves a connection, which the server closes when this has returned or thrown.
   *
   * @param connection an open connection, of the calling fiber's reactor
   * @throws Exception ends this connection alone, and is reported ({@link
   *     ServerOptions#failureHandler})
   */
  @Suspends
  void handle(S connection) throws Exception;
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.server;

import dev.weft.internal.io.Acceptor;
import dev.weft.internal.strand.EventLoop;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A kind of listeners and connections, with the handler of these. Its methods are called on the
 * threads of all reactors of a server.
 *
 * @param <S> the type of the connections
 */
public abstract class ServerTransport<S extends AutoCloseable> {
  /**
   * Opens a listener on the current reactor. The first one decides about the address.
   *
   * @param shared whether other listeners of the server have the same address
   */
  public abstract Acceptor listen(boolean shared) throws IOException;

  /** Makes a connection without a descriptor. */
  public abstract S create(EventLoop loop);

  /** Sets the descriptor of a connection; can't fail. */
  public abstract void open(S connection, int descriptor);

  /** Runs the handler. Suspends. */
  public abstract void handle(S connection) throws Exception;

  /** Whether the handler is not woven, so that its fibers need stacks. */
  public abstract boolean isStackful();

  /** Reports that no connection could be accepted. */
  public abstract void acceptFailed(Throwable cause);

  /** Reports that a handler has failed; {@code connection} is null if that is unknown. */
  public abstract void handlerFailed(@Nullable S connection, Throwable cause);
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import java.net.InetSocketAddress;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Something that has failed in a server, which continues. Immutable; may be used by any thread. */
public final class ServerFailure {
  /** What has failed. */
  public enum Kind {
    /**
     * No connection could be accepted, since descriptors or memory are short. The server pauses, 10
     * ms at first and a second at most, and tries again; it reports this once until it has accepted
     * another one, and at most once a second. A ring needs a descriptor before it waits for a
     * connection, so this may be reported although no client waits.
     */
    ACCEPT,
    /** A handler has thrown an exception, other than because of a cancel. */
    HANDLER
  }

  private final Kind kind;
  private final Object server;
  private final @Nullable InetSocketAddress remoteAddress;
  private final Throwable cause;

  ServerFailure(
      Kind kind, Object server, @Nullable InetSocketAddress remoteAddress, Throwable cause) {
    this.kind = kind;
    this.server = server;
    this.remoteAddress = remoteAddress;
    this.cause = cause;
  }

  /** {@return what has failed} */
  public Kind kind() {
    return kind;
  }

  /**
   * {@return the address of the handler's client} It is empty if the connection was gone, unless
   * the handler had asked for it before ({@link TcpSocket#remoteAddress}).
   */
  public Optional<InetSocketAddress> remoteAddress() {
    return Optional.ofNullable(remoteAddress);
  }

  /** {@return what was thrown} */
  public Throwable cause() {
    return cause;
  }

  /** {@return one line without the stack trace} */
  @Override
  public String toString() {
    String subject =
        kind == Kind.ACCEPT
            ? "accept"
            : "connection" + (remoteAddress == null ? "" : " of " + remoteAddress);
    return "TCP server on " + server + ": " + subject + ": " + cause;
  }
}

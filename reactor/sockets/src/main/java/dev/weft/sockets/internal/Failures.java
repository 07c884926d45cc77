// SPDX-License-Identifier: Apache-2.0
package dev.weft.sockets.internal;

import dev.weft.error.ErrnoException;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedChannelException;

/** The exceptions of {@code java.net} for those of Weft, which become their causes. */
final class Failures {
  static final String CLOSED = "Socket closed";

  private Failures() {}

  /** What the JDK throws in place of {@code e}, with the message that it has there. */
  static IOException of(IOException e) {
    if (e instanceof ClosedChannelException) {
      return caused(new SocketException(CLOSED), e);
    }
    return e instanceof ErrnoException known ? caused(of(known), known) : e;
  }

  /** As the native code of the JDK does it. */
  private static SocketException of(ErrnoException e) {
    String text = e.errno().text();
    return switch (e.errno()) {
      case ECONNREFUSED, ETIMEDOUT, ENOTCONN -> new ConnectException(text);
      case EHOSTUNREACH -> new NoRouteToHostException(text);
      case EADDRINUSE, EADDRNOTAVAIL, EACCES, EPERM -> new BindException(text);
      case ECONNRESET -> new SocketException("Connection reset");
      default -> new SocketException(text);
    };
  }

  /** The exception for a timeout that has expired. */
  static SocketTimeoutException timeout(String message, RuntimeException cause) {
    return caused(new SocketTimeoutException(message), cause);
  }

  private static <E extends IOException> E caused(E failure, Exception cause) {
    failure.initCause(cause);
    return failure;
  }
}

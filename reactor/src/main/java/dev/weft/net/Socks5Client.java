// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.socks.Socks5;
import dev.weft.internal.socks.Socks5Exchange;
import dev.weft.io.ByteStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Client of SOCKS5 proxies (RFC 1928): makes a stream to a proxy one to a server behind it. It uses
 * exactly the bytes of the handshake, so the stream is the server's from then on. After a failure
 * the stream is of no more use, except to be closed.
 */
public final class Socks5Client {
  private static final Socks5Client ANONYMOUS = new Socks5Client(null, null);

  private final byte @Nullable [] user;
  private final byte @Nullable [] password;

  private Socks5Client(byte @Nullable [] user, byte @Nullable [] password) {
    this.user = user;
    this.password = password;
  }

  /** {@return a client that does not authenticate itself} */
  public static Socks5Client anonymous() {
    return ANONYMOUS;
  }

  /**
   * Returns a client that authenticates itself where the proxy requests it (RFC 1929). Both texts
   * are sent in plain.
   *
   * @param user the user, 1 to 255 bytes in UTF-8
   * @param password the password, 1 to 255 bytes in UTF-8
   * @return a client
   */
  public static Socks5Client withPassword(String user, String password) {
    byte[] userBytes = user.getBytes(UTF_8);
    byte[] passwordBytes = password.getBytes(UTF_8);
    requireLength("user", userBytes);
    requireLength("password", passwordBytes);
    return new Socks5Client(userBytes, passwordBytes);
  }

  private static void requireLength(String name, byte[] text) {
    if (text.length < 1 || text.length > 255) {
      throw new IllegalArgumentException(
          name + " must have 1 to 255 bytes in UTF-8, not " + text.length);
    }
  }

  /**
   * Lets a proxy connect to a server. Suspends.
   *
   * @param proxy a stream to the proxy, nothing of which has been used
   * @param server the server's address; if it is unresolved, the proxy resolves the name
   * @return the address that the proxy has connected from; unresolved if the proxy gives a name
   * @throws ErrnoException what the proxy replies: EIO (any failure), EACCES (also if it rejects
   *     the client), ENETUNREACH, EHOSTUNREACH, ECONNREFUSED, ETIMEDOUT (TTL expired), EOPNOTSUPP
   *     or EAFNOSUPPORT; EPROTO if it violates the protocol
   * @throws IOException if the stream is broken, ends or is closed
   */
  public InetSocketAddress connect(ByteStream proxy, InetSocketAddress server) throws IOException {
    return connect(proxy, server, Deadline.NEVER);
  }

  /**
   * Lets a proxy connect to a server, as {@link #connect(ByteStream, InetSocketAddress)} does;
   * waits until {@code deadline} at most. Suspends.
   *
   * @param proxy a stream to the proxy, nothing of which has been used
   * @param server the server's address; if it is unresolved, the proxy resolves the name
   * @param deadline when to stop waiting
   * @return the address that the proxy has connected from; unresolved if the proxy gives a name
   * @throws ErrnoException what the proxy replies: EIO (any failure), EACCES (also if it rejects
   *     the client), ENETUNREACH, EHOSTUNREACH, ECONNREFUSED, ETIMEDOUT (TTL expired), EOPNOTSUPP
   *     or EAFNOSUPPORT; EPROTO if it violates the protocol
   * @throws IOException if the stream is broken, ends or is closed
   * @throws dev.weft.error.DeadlineExceededException if the server is not connected by then
   */
  public InetSocketAddress connect(ByteStream proxy, InetSocketAddress server, Deadline deadline)
      throws IOException {
    Socks5Exchange.check(server);
    String subject = Socks5Exchange.text(server) + " by SOCKS5";
    try (Socks5Exchange exchange = new Socks5Exchange(proxy, "connect", subject, deadline)) {
      authenticate(exchange);
      exchange.put(Socks5.VERSION).put(Socks5Request.Command.CONNECT.code()).put(0).put(server);
      exchange.send();
      int reply = exchange.receiveVersioned(Socks5.VERSION, "the proxy's reply");
      if (reply != Socks5.SUCCEEDED) {
        throw exchange.failure(Socks5.errnoOf(reply), "the proxy replies " + reply);
      }
      return bound(exchange);
    }
  }

  private static InetSocketAddress bound(Socks5Exchange exchange) throws IOException {
    try {
      return exchange.receiveAddress();
    } catch (ErrnoException e) {
      // What the reply cannot mean is that this client's address is of a wrong type.
      throw e.errno() == Errno.EAFNOSUPPORT
          ? exchange.failure(Errno.EPROTO, "the proxy's address is of an unknown type")
          : e;
    }
  }

  private void authenticate(Socks5Exchange exchange) throws IOException {
    if (user == null || password == null) {
      exchange.put(Socks5.VERSION).put(1).put(Socks5.NO_AUTHENTICATION).send();
    } else {
      exchange.put(Socks5.VERSION).put(2).put(Socks5.NO_AUTHENTICATION);
      exchange.put(Socks5.USER_AND_PASSWORD).send();
    }
    int method = exchange.receiveVersioned(Socks5.VERSION, "the proxy's choice of a method");
    if (method == Socks5.NO_AUTHENTICATION) {
      return;
    }
    if (method == Socks5.NO_ACCEPTABLE_METHOD) {
      throw exchange.failure(Errno.EACCES, "the proxy accepts none of the offered methods");
    }
    if (method != Socks5.USER_AND_PASSWORD || user == null || password == null) {
      throw exchange.failure(Errno.EPROTO, "the proxy chooses method " + method);
    }
    exchange.put(Socks5.PASSWORD_VERSION).put(user).put(password).send();
    if (exchange.receiveVersioned(Socks5.PASSWORD_VERSION, "the proxy's answer") != 0) {
      throw exchange.failure(Errno.EACCES, "the proxy rejects the user or the password");
    }
  }
}

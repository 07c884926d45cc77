// SPDX-License-Identifier: Apache-2.0
package dev.weft.sockets;

import dev.weft.net.SocketOptions;
import dev.weft.sockets.internal.Callers;
import dev.weft.sockets.internal.FiberSocket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.util.Objects;
import javax.net.SocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * Makes {@link Socket}s that are TCP connections of the reactor, for existing code in fibers. Their
 * connects, reads, writes and closes suspend the calling fiber, and other fibers run meanwhile.
 *
 * <p>A socket belongs to the reactor of the fiber that connects it. All its calls but {@code close}
 * and {@code setSoTimeout} must come from fibers of that reactor, which must have a stack: fibers
 * whose task is not woven, or all where {@link dev.weft.ReactorOptions#stackful} is on. Elsewhere
 * they fail with a {@link java.net.SocketException} that says so. Any thread may close a socket;
 * calls of others on it then fail with "Socket closed".
 *
 * <ul>
 *   <li>A host name that is not resolved ({@link InetSocketAddress#createUnresolved}, {@link
 *       #createSocket(String, int)}) is resolved by the reactor ({@link
 *       dev.weft.net.HostResolver}), and all its addresses are tried (Happy Eyeballs).
 *   <li>{@code connect} with a timeout, and reads after {@code setSoTimeout}, fail with a {@link
 *       java.net.SocketTimeoutException}. Cancels and deadlines of the fiber have their own
 *       exceptions, as everywhere in Weft; an interrupt ends no call.
 *   <li>{@code bind} notes the address: the port is chosen, and an address in use reported, by
 *       {@code connect}.
 *   <li>The options are those of {@link java.net.StandardSocketOptions} for connections, and
 *       TCP_KEEPIDLE, TCP_KEEPINTERVAL, TCP_KEEPCOUNT and TCP_QUICKACK of {@link
 *       jdk.net.ExtendedSocketOptions}. Others, and urgent data, are refused. TCP_NODELAY is on by
 *       default.
 *   <li>There is no channel: {@link Socket#getChannel} returns null.
 * </ul>
 *
 * <p>TLS is layered over such a socket by {@link
 * javax.net.ssl.SSLSocketFactory#createSocket(Socket, String, int, boolean)}. A factory may be used
 * by any thread.
 */
public final class FiberSocketFactory extends SocketFactory {
  private static final String REFUSE = "refuse";
  private static final String JDK = "jdk";

  private final SocketOptions options;
  private final boolean usesJdkElsewhere;

  /** Makes a factory with {@link SocketOptions#defaults}. */
  public FiberSocketFactory() {
    this(SocketOptions.defaults());
  }

  /**
   * Makes a factory.
   *
   * @param options those that its sockets begin with
   */
  public FiberSocketFactory(SocketOptions options) {
    this(options, false);
  }

  /**
   * Makes a factory for libraries that take the name of its class and a text, such as {@code
   * socketFactory} and {@code socketFactoryArg} of the JDBC driver of PostgreSQL.
   *
   * @param elsewhere {@code "jdk"} to make sockets of the JDK for threads that have no reactor,
   *     with which a driver cancels a query by a timer of its own; {@code "refuse"} or null if they
   *     can't connect
   * @throws IllegalArgumentException if it is another text
   */
  public FiberSocketFactory(@Nullable String elsewhere) {
    this(SocketOptions.defaults(), isJdk(elsewhere));
  }

  private FiberSocketFactory(SocketOptions options, boolean usesJdkElsewhere) {
    this.options = Objects.requireNonNull(options, "options");
    this.usesJdkElsewhere = usesJdkElsewhere;
  }

  private static boolean isJdk(@Nullable String elsewhere) {
    if (elsewhere == null || elsewhere.equals(REFUSE)) {
      return false;
    }
    if (elsewhere.equals(JDK)) {
      return true;
    }
    throw new IllegalArgumentException("neither \"refuse\" nor \"jdk\": " + elsewhere);
  }

  /**
   * {@return a factory with {@link SocketOptions#defaults}, for libraries that call the static
   * method of this name of a class that they are given}
   */
  public static SocketFactory getDefault() {
    return new FiberSocketFactory();
  }

  /**
   * {@return this factory, which makes sockets of the JDK for threads that have no reactor}
   *
   * <p>Drivers have threads of their own, for example for the timeout of a query. A fiber may use a
   * socket of the JDK that such a thread has connected: it does not block the reactor.
   */
  public FiberSocketFactory withJdkSocketsElsewhere() {
    return new FiberSocketFactory(options, true);
  }

  /**
   * Makes a socket that is not connected. Does not suspend. May be called from any thread.
   *
   * @return a socket
   */
  @Override
  public Socket createSocket() throws IOException {
    return usesJdkElsewhere && !Callers.haveReactor() ? new Socket() : new FiberSocket(options);
  }

  /**
   * Connects to a host by name. Suspends.
   *
   * @param host a name, which the reactor resolves, or an address
   * @param port the port, 1 to 65535
   * @return a connected socket
   * @throws java.net.UnknownHostException if there is no such host
   * @throws IOException if there is no connection, or this is no fiber with a stack
   */
  @Override
  public Socket createSocket(String host, int port) throws IOException {
    return connect(InetSocketAddress.createUnresolved(host, port), null);
  }

  /**
   * Connects to a host by name, from a local address. Suspends.
   *
   * @param host a name, which the reactor resolves, or an address
   * @param port the port, 1 to 65535
   * @param localHost the address to connect from; null for any
   * @param localPort the port to connect from; 0 for any
   * @return a connected socket
   * @throws java.net.UnknownHostException if there is no such host
   * @throws IOException if there is no connection, or this is no fiber with a stack
   */
  @Override
  public Socket createSocket(String host, int port, @Nullable InetAddress localHost, int localPort)
      throws IOException {
    return connect(
        InetSocketAddress.createUnresolved(host, port),
        new InetSocketAddress(localHost, localPort));
  }

  /**
   * Connects to an address. Suspends.
   *
   * @param host the address
   * @param port the port, 1 to 65535
   * @return a connected socket
   * @throws IOException if there is no connection, or this is no fiber with a stack
   */
  @Override
  public Socket createSocket(InetAddress host, int port) throws IOException {
    return connect(new InetSocketAddress(host, port), null);
  }

  /**
   * Connects to an address, from a local address. Suspends.
   *
   * @param host the address
   * @param port the port, 1 to 65535
   * @param localHost the address to connect from; null for any
   * @param localPort the port to connect from; 0 for any
   * @return a connected socket
   * @throws IOException if there is no connection, or this is no fiber with a stack
   */
  @Override
  public Socket createSocket(
      InetAddress host, int port, @Nullable InetAddress localHost, int localPort)
      throws IOException {
    return connect(new InetSocketAddress(host, port), new InetSocketAddress(localHost, localPort));
  }

  private Socket connect(SocketAddress remote, @Nullable SocketAddress local) throws IOException {
    Socket socket = createSocket();
    boolean connected = false;
    try {
      if (local != null) {
        socket.bind(local);
      }
      socket.connect(remote);
      connected = true;
      return socket;
    } finally {
      if (!connected) {
        socket.close();
      }
    }
  }
}

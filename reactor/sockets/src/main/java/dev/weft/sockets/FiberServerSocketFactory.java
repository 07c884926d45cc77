// SPDX-License-Identifier: Apache-2.0
package dev.weft.sockets;

import dev.weft.net.SocketOptions;
import dev.weft.sockets.internal.FiberServerSocket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Objects;
import javax.net.ServerSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * Makes {@link ServerSocket}s that are listening TCP sockets of the reactor, for existing code in
 * fibers. {@code accept} suspends the calling fiber, and returns sockets as {@link
 * FiberSocketFactory} makes them, of the same reactor.
 *
 * <p>A server socket belongs to the reactor of the fiber that binds it. Its calls must come from
 * fibers of that reactor that have a stack; any thread may close it. {@code accept} after {@code
 * setSoTimeout} fails with a {@link java.net.SocketTimeoutException}. Its options are SO_RCVBUF,
 * SO_REUSEADDR and SO_REUSEPORT; SO_REUSEADDR is on by default. A wildcard address stands for IPv4
 * and IPv6. A factory may be used by any thread.
 */
public final class FiberServerSocketFactory extends ServerSocketFactory {
  private final SocketOptions options;

  /** Makes a factory with {@link SocketOptions#defaults}. */
  public FiberServerSocketFactory() {
    this(SocketOptions.defaults());
  }

  /**
   * Makes a factory.
   *
   * @param options for its sockets and the connections that they accept; the backlog is that of
   *     each call
   */
  public FiberServerSocketFactory(SocketOptions options) {
    this.options = Objects.requireNonNull(options, "options");
  }

  /**
   * {@return a factory with {@link SocketOptions#defaults}, for libraries that call the static
   * method of this name of a class that they are given}
   */
  public static ServerSocketFactory getDefault() {
    return new FiberServerSocketFactory();
  }

  /**
   * Makes a server socket that is not bound. May be called from any thread.
   *
   * @return a server socket
   */
  @Override
  public ServerSocket createServerSocket() throws IOException {
    return new FiberServerSocket(options);
  }

  /**
   * Listens on a port of all interfaces.
   *
   * @param port the port; 0 if the system is to choose one
   * @return a bound server socket
   * @throws IOException if it can't be bound, or this is no fiber with a stack
   */
  @Override
  public ServerSocket createServerSocket(int port) throws IOException {
    return createServerSocket(port, 0, null);
  }

  /**
   * Listens on a port of all interfaces.
   *
   * @param port the port; 0 if the system is to choose one
   * @param backlog how many connections may wait to be accepted; 0 or less for 50
   * @return a bound server socket
   * @throws IOException if it can't be bound, or this is no fiber with a stack
   */
  @Override
  public ServerSocket createServerSocket(int port, int backlog) throws IOException {
    return createServerSocket(port, backlog, null);
  }

  /**
   * Listens on a port of an address.
   *
   * @param port the port; 0 if the system is to choose one
   * @param backlog how many connections may wait to be accepted; 0 or less for 50
   * @param address the address; null for all interfaces
   * @return a bound server socket
   * @throws IOException if it can't be bound, or this is no fiber with a stack
   */
  @Override
  public ServerSocket createServerSocket(int port, int backlog, @Nullable InetAddress address)
      throws IOException {
    ServerSocket socket = createServerSocket();
    boolean bound = false;
    try {
      socket.bind(new InetSocketAddress(address, port), backlog);
      bound = true;
      return socket;
    } finally {
      if (!bound) {
        socket.close();
      }
    }
  }
}

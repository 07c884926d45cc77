// SPDX-License-Identifier: Apache-2.0
package dev.weft.sockets;

import static org.junit.jupiter.api.Assumptions.abort;

import dev.weft.FiberTask;
import dev.weft.Reactor;
import dev.weft.ReactorOptions;
import dev.weft.error.ReactorUnavailableException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/** Reactors and pairs of sockets for tests. */
final class Sockets {
  static final FiberSocketFactory FACTORY = new FiberSocketFactory();
  static final FiberServerSocketFactory SERVERS = new FiberServerSocketFactory();

  private Sockets() {}

  /** A test of both ends of a connection. */
  @FunctionalInterface
  interface Ends {
    void use(Socket client, Socket server) throws Exception;
  }

  static ReactorOptions options() {
    return ReactorOptions.defaults().withCpu(ReactorOptions.UNPINNED);
  }

  /** Runs a fiber, and those that it starts; a failure of any of them is the test's. */
  static void run(FiberTask task) throws Exception {
    List<Throwable> failures = new ArrayList<>();
    try (Reactor reactor =
        Reactor.open(
            options().withUncaughtExceptionHandler((fiber, failure) -> failures.add(failure)))) {
      reactor.run(task);
    } catch (ReactorUnavailableException e) {
      if (System.getenv("CI") != null) {
        throw e;
      }
      abort(e.getMessage());
    }
    if (!failures.isEmpty()) {
      throw new AssertionError("a fiber failed", failures.getFirst());
    }
  }

  static ServerSocket listen() throws Exception {
    return SERVERS.createServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  static InetSocketAddress address(ServerSocket server) {
    return new InetSocketAddress(server.getInetAddress(), server.getLocalPort());
  }

  /** Runs {@code body} in a fiber, with two connected sockets. */
  static void connect(Ends body) throws Exception {
    run(
        () -> {
          try (ServerSocket listening = listen();
              Socket client =
                  FACTORY.createSocket(listening.getInetAddress(), listening.getLocalPort());
              Socket server = listening.accept()) {
            body.use(client, server);
          }
        });
  }
}

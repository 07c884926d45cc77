// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.soak;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.TaskFailedException;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroService;
import dev.weft.net.SocketOption;
import dev.weft.net.SocketOptions;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;

/** An echo server on a port of its own, with fibers or with micro-threads. */
abstract class Server {
  static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  abstract InetSocketAddress address();

  /** Connections that have not ended. */
  abstract int connections();

  /** Stops listening, and waits until the clients have ended their connections. */
  abstract void stop();

  static Server open(boolean micro, Tally tally) throws IOException {
    return micro ? new OfMicroThreads() : new OfFibers(tally);
  }

  private static final class OfMicroThreads extends Server {
    private static final int PAGES = 26;
    private static final int CONNECTIONS_MAX = 1000;
    private final MicroService service;

    OfMicroThreads() throws IOException {
      MicroOptions options = MicroOptions.ofPages(PAGES).withUserTimeout(TIMEOUT);
      service = MicroService.start(ANY_PORT, options, CONNECTIONS_MAX, EchoThread::new);
    }

    @Override
    InetSocketAddress address() {
      return service.localAddress();
    }

    @Override
    int connections() {
      return service.connections();
    }

    @Override
    void stop() {
      service.stop();
      try {
        service.join(Deadline.after(TIMEOUT));
      } catch (DeadlineExceededException e) {
        service.kill();
        service.join();
        throw e;
      }
    }
  }

  private static final class OfFibers extends Server {
    private static final int BUFFER_BYTES = 4096;
    private final Tally tally;
    private final TcpListener listener;
    private final Fiber accepting;
    private int connections;

    OfFibers(Tally tally) throws IOException {
      this.tally = tally;
      SocketOptions options = SocketOptions.defaults().with(SocketOption.KEEP_ALIVE, true);
      listener = TcpListener.bind(ANY_PORT, options);
      accepting = Fiber.start("accept", this::acceptAll);
    }

    @Override
    InetSocketAddress address() {
      return listener.localAddress();
    }

    @Override
    int connections() {
      return connections;
    }

    private void acceptAll() {
      while (true) {
        try {
          TcpSocket socket = listener.accept();
          connections++;
          Fiber.start(() -> serve(socket));
        } catch (IOException e) {
          if (!Tally.isShortage(e)) {
            return; // closed
          }
          tally.refusals++;
          Fiber.sleep(Duration.ofMillis(5));
        }
      }
    }

    private void serve(TcpSocket socket) {
      try (socket;
          Arena arena = Arena.ofConfined()) {
        MemorySegment buffer = arena.allocate(BUFFER_BYTES);
        for (int count; (count = socket.read(buffer, Deadline.after(TIMEOUT))) >= 0; ) {
          socket.write(buffer.asSlice(0, count), Deadline.after(TIMEOUT));
        }
      } catch (DeadlineExceededException e) {
        tally.fault("server: " + e);
      } catch (IOException | RuntimeException | OutOfMemoryError e) {
        tally.ended("server", e);
      } finally {
        connections--;
      }
    }

    @Override
    void stop() {
      listener.close();
      try {
        accepting.join(Deadline.after(TIMEOUT));
      } catch (TaskFailedException e) {
        tally.fault("accept: " + e.getCause());
      }
      Deadline deadline = Deadline.after(TIMEOUT);
      while (connections > 0 && !deadline.hasPassed()) {
        Fiber.sleep(Duration.ofMillis(10));
      }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.error.DeadlineExceededException;
import dev.weft.net.SocketOptions;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Processes and services that accept on a listener of the user. */
@Timeout(60)
class ListenerTest {
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private final Runs runs = new Runs();

  private static Deadline soon() {
    return Deadline.after(Duration.ofSeconds(20));
  }

  private static TcpListener bind() throws Exception {
    return TcpListener.bind(ANY_PORT);
  }

  /** Reads to the end. */
  private static String read(TcpSocket socket) throws Exception {
    StringBuilder text = new StringBuilder();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(100);
      for (int count; (count = socket.read(bytes, soon())) > 0; ) {
        byte[] array = bytes.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE);
        text.append(new String(array, StandardCharsets.UTF_8));
      }
    }
    return text.toString();
  }

  /** Writes the address of its peer. */
  private static final class Greeter extends MicroThread {
    @Override
    protected void run() throws Exception {
      literal("hello, " + remoteAddress());
    }
  }

  /** Accepts until {@link #count} connections have come. */
  private abstract static class Acceptor extends MicroThread {
    private final int count;
    final List<String> errors = new ArrayList<>();

    Acceptor(int count) {
      this.count = count;
    }

    abstract void serve(MicroConnection peer) throws Exception;

    @Override
    protected void run() throws Exception {
      for (int i = 0; i < count; i++) {
        MicroConnection peer = accept();
        if (peer != null) {
          serve(peer);
        }
      }
    }

    @Override
    protected void lastly() {
      errors.add(String.valueOf(errno()));
      if (errno() != null) {
        lower();
      }
    }
  }

  /** Serves its connections by threads of the same process. */
  private static final class WithThreads extends Acceptor {
    WithThreads(int count) {
      super(count);
    }

    @Override
    void serve(MicroConnection peer) throws Exception {
      Greeter greeter = new Greeter();
      accepted(greeter, peer);
      play(greeter);
    }
  }

  /** Serves its connections by other processes. */
  private static final class WithProcesses extends Acceptor {
    final List<InetSocketAddress> peers = new ArrayList<>();
    private final MicroOptions options;

    WithProcesses(int count, MicroOptions options) {
      super(count);
      this.options = options;
    }

    @Override
    void serve(MicroConnection peer) throws Exception {
      peers.add(peer.remoteAddress());
      MicroProcess.start(new Greeter(), options, peer);
    }
  }

  /** Serves its connections by itself. */
  private static final class Alone extends Acceptor {
    Alone(int count) {
      super(count);
    }

    @Override
    void serve(MicroConnection peer) throws Exception {
      MicroSocket socket = adopt(peer);
      socket.literal("hello, " + socket.remoteAddress());
      socket.rxClose();
      socket.txClose();
    }
  }

  private static void greet(TcpListener listener, int clients) throws Exception {
    for (int i = 0; i < clients; i++) {
      try (TcpSocket client = TcpSocket.connect(listener.localAddress(), soon())) {
        assertEquals("hello, " + client.localAddress(), read(client));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aProcessGivesItsConnectionsToThreads(boolean stackful) throws Exception {
    WithThreads main = new WithThreads(3);
    runs.run(
        () -> {
          TcpListener listener = bind();
          MicroProcess process = MicroProcess.start(main, Runs.options(stackful), listener);
          greet(listener, 3);
          process.join(soon());
        });

    assertEquals(List.of("null"), main.errors);
    assertEquals(List.of(), runs.failures);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aThreadTakesItsConnectionsItself(boolean stackful) throws Exception {
    Alone main = new Alone(3);
    runs.run(
        () -> {
          TcpListener listener = bind();
          MicroProcess process = MicroProcess.start(main, Runs.options(stackful), listener);
          greet(listener, 3);
          process.join(soon());
        });

    assertEquals(List.of("null"), main.errors);
    assertEquals(List.of(), runs.failures);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aProcessGivesItsConnectionsToOthersAndKnowsTheirPeers(boolean stackful) throws Exception {
    MicroOptions options = Runs.options(stackful);
    WithProcesses main = new WithProcesses(1, options);
    runs.run(
        () -> {
          TcpListener listener = bind();
          MicroProcess process = MicroProcess.start(main, options, listener);
          try (TcpSocket client = TcpSocket.connect(listener.localAddress(), soon())) {
            assertEquals("hello, " + client.localAddress(), read(client));
            assertEquals(List.of(client.localAddress()), main.peers);
          }
          process.join(soon());
        });

    assertEquals(List.of(), runs.failures);
  }

  @Test
  void theListenerIsClosedWithTheProcess() throws Exception {
    runs.run(
        () -> {
          TcpListener listener = bind();
          MicroProcess process =
              MicroProcess.start(new WithThreads(0), Runs.options(false), listener);
          process.join(soon());
          TcpListener.bind(listener.localAddress()).close(); // its port is free
        });

    assertEquals(List.of(), runs.failures);
  }

  @Test
  void aListenerThatOthersCloseRaisesEbadf() throws Exception {
    WithThreads main = new WithThreads(1);
    runs.run(
        () -> {
          TcpListener listener = bind();
          MicroProcess process = MicroProcess.start(main, Runs.options(false), listener);
          while (main.status() != MicroStatus.WAIT) {
            Fiber.yield();
          }
          listener.close();
          process.join(soon());
        });

    assertEquals(List.of("EBADF", "null"), main.errors);
    assertEquals(List.of(), runs.failures);
  }

  @Test
  void aConnectionThatNoThreadGetsIsClosedByItsAcceptor() throws Exception {
    Acceptor main =
        new Acceptor(1) {
          @Override
          void serve(MicroConnection peer) {
            peer.close();
            peer.close();
          }
        };
    runs.run(
        () -> {
          TcpListener listener = bind();
          MicroProcess.start(main, Runs.options(false), listener);
          try (TcpSocket client = TcpSocket.connect(listener.localAddress(), soon())) {
            assertEquals("", read(client));
          }
        });

    assertEquals(List.of(), runs.failures);
  }

  @Test
  void aListenerOnWhichFibersAcceptIsRefusedAndStaysOpen() throws Exception {
    runs.run(
        () -> {
          TcpListener listener = bind();
          assertThrows(
              DeadlineExceededException.class,
              () -> listener.accept(Deadline.after(Duration.ofMillis(1))));
          assertThrows(
              IllegalStateException.class,
              () -> MicroProcess.start(new Greeter(), Runs.options(false), listener));
          assertThrows(
              IllegalStateException.class,
              () -> MicroService.start(listener, Runs.options(false), 1, Greeter::new));
          try (TcpSocket client = TcpSocket.connect(listener.localAddress(), soon())) {
            listener.accept(soon()).close();
            assertEquals("", read(client));
          }
          listener.close();
        });

    assertEquals(List.of(), runs.failures);
  }

  // ---- addresses

  /** Asks sockets without a peer for its address. */
  private static final class Peerless extends MicroThread {
    final List<String> notes = new ArrayList<>();

    @Override
    protected void run() throws Exception {
      notes.add(String.valueOf(remoteAddress())); // the read end of a pipe of the system
      responder(new Greeter());
      notes.add(String.valueOf(remoteAddress()));
      rxClose();
    }

    @Override
    protected void lastly() {
      if (errno() != null) {
        notes.add(String.valueOf(errno()));
        lower();
      }
    }
  }

  @Test
  void anAddressThatThereIsNotIsAnError() throws Exception {
    Peerless thread = new Peerless();
    runs.run(thread, false);

    assertEquals(List.of("ENOTSOCK", "null", "ENOTSOCK", "null"), thread.notes);
  }

  @Test
  void theLocalExecutorKnowsNoAddresses() {
    Peerless thread = new Peerless();
    try (SystemPipe input = SystemPipe.open()) {
      MicroProcess.runLocal(thread, Runs.options(false).withDescriptors(input.reading, 1));
    }

    assertEquals("EOPNOTSUPP", thread.notes.getFirst());
  }

  // ---- services

  @Test
  void servicesShareAPortIfTheirListenersDo() throws Exception {
    SocketOptions shared = SocketOptions.defaults().withReusePort(true);
    runs.run(
        () -> {
          TcpListener one = TcpListener.bind(ANY_PORT, shared);
          TcpListener other = TcpListener.bind(one.localAddress(), shared);
          MicroOptions options = Runs.options(false);
          MicroService first = MicroService.start(one, options, 1, Greeter::new);
          MicroService second = MicroService.start(other, options, 1, Greeter::new);
          assertEquals(first.localAddress(), second.localAddress());
          greet(one, 10);
          first.close();
          first.join(soon());
          greet(other, 1);
          second.close();
          second.join(soon());
          assertThrows(
              IllegalArgumentException.class,
              () -> MicroService.start(one, options, 0, Greeter::new));
        });

    assertEquals(List.of(), runs.failures);
  }

  @Test
  void aServiceStopsWhenOthersCloseItsListener() throws Exception {
    runs.run(
        () -> {
          TcpListener listener = bind();
          MicroService service = MicroService.start(listener, Runs.options(false), 2, Greeter::new);
          greet(listener, 1);
          listener.close();
          service.join(soon());
        });

    assertEquals(0, runs.logged("accept"));
    assertEquals(List.of(), runs.failures);
  }

  @Test
  void aConnectionIsGivenToOneThreadOnly() throws Exception {
    List<@Nullable Throwable> refusals = new ArrayList<>();
    Acceptor main =
        new Acceptor(1) {
          @Override
          void serve(MicroConnection peer) throws Exception {
            accepted(new Greeter(), peer);
            refusals.add(assertThrows(IllegalStateException.class, peer::remoteAddress));
          }
        };
    runs.run(
        () -> {
          TcpListener listener = bind();
          MicroProcess process = MicroProcess.start(main, Runs.options(false), listener);
          TcpSocket.connect(listener.localAddress(), soon()).close();
          process.join(soon());
        });

    assertNotNull(refusals.getFirst());
    assertEquals(List.of(), runs.failures);
  }
}

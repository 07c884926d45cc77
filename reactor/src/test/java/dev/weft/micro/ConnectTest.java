// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.error.Errno;
import dev.weft.error.ScopeExpiredException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Outgoing connections of micro-threads. */
@Tag("needs-weaving") // and runs in each form
@Timeout(60)
class ConnectTest {
  private static final String REACTORS = "REACTOR.*";
  private static final int LINE_BYTES = 64;

  private static InetSocketAddress anyPort() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  /** An address whose listener has been closed. */
  private static InetSocketAddress deadPort() throws IOException {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getLocalPort());
    }
  }

  /** The number of open sockets of this JVM. */
  private static long sockets() throws IOException {
    try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
      return descriptors.filter(ConnectTest::isSocket).count();
    }
  }

  private static boolean isSocket(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString().startsWith("socket:");
    } catch (IOException e) {
      return false; // closed meanwhile
    }
  }

  /** A thread that connects, and logs the errors raised in it. */
  private abstract static class Client extends MicroThread {
    final InetSocketAddress address;
    final List<String> log = new ArrayList<>();

    Client(InetSocketAddress address) {
      this.address = address;
    }

    /** Sends a line and logs the answer. */
    final void ask(MicroSocket connection, String text) throws Exception {
      MicroBlock line = calloc(1, LINE_BYTES);
      connection.literal(text + "\n");
      int length = connection.readline(line, LINE_BYTES);
      log.add(new String(line.toArray(0, length), StandardCharsets.UTF_8));
      free();
    }

    @Override
    protected void lastly() throws Exception {
      if (errno() != null) {
        log.add(errno().toString());
      }
    }
  }

  /** A process of {@code client}, on the current reactor. */
  private static MicroProcess start(ExecutionMode mode, Client client) {
    return MicroProcess.start(client, mode.options());
  }

  /** Makes the client of a service at an address. */
  private interface Talk {
    Client to(InetSocketAddress address);
  }

  private static List<String> talkToEcho(ExecutionMode mode, Talk talk) throws Exception {
    Client[] client = new Client[1];
    try (Reactor reactor = Reactor.open()) {
      reactor.run(
          () -> {
            MicroService service =
                MicroService.start(anyPort(), mode.options(), NumberedLines::new);
            client[0] = talk.to(service.localAddress());
            start(mode, client[0]).join();
            service.stop();
            service.join(); // all connections have been closed
          });
    }
    return client[0].log;
  }

  private static final class Asker extends Client {
    Asker(InetSocketAddress address) {
      super(address);
    }

    @Override
    protected void run() throws Exception {
      MicroSocket first = connect(address);
      MicroSocket second = connect(address);
      ask(first, "one");
      ask(second, "two");
      ask(first, "three");
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void aThreadUsesConnectionsThatAreClosedAtItsEnd(ExecutionMode mode) throws Exception {
    assertEquals(
        List.of("Line 0: one\n", "Line 0: two\n", "Line 1: three\n"), talkToEcho(mode, Asker::new));
  }

  /** Uses the connection of a thread that has ended. */
  private static final class Deputy extends MicroThread {
    final List<String> log;

    Deputy(List<String> log) {
      this.log = log;
    }

    @Override
    protected void run() throws Exception {
      MicroBlock line = calloc(1, LINE_BYTES);
      literal("late\n");
      log.add(new String(line.toArray(0, readline(line, LINE_BYTES)), StandardCharsets.UTF_8));
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void aConnectionStaysOpenForThreadsThatItWasPassedTo(ExecutionMode mode) throws Exception {
    List<String> log =
        talkToEcho(
            mode,
            address ->
                new Client(address) {
                  @Override
                  protected void run() throws Exception {
                    MicroSocket connection = connect(address);
                    Deputy deputy = new Deputy(log);
                    child(deputy, connection, connection);
                    play(deputy);
                  }
                });

    assertEquals(List.of("Line 0: late\n"), log);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void aConnectionIsClosedWhenBothDirectionsAreClosed(ExecutionMode mode) throws Exception {
    long before = sockets();
    List<String> log =
        talkToEcho(
            mode,
            address ->
                new Client(address) {
                  @Override
                  protected void run() throws Exception {
                    MicroSocket connection = connect(address);
                    ask(connection, "once");
                    int pages = process().heap().usedPages();
                    connection.rxClose();
                    connection.txClose();
                    Fiber.yield();
                    log.add(pages - process().heap().usedPages() + " pages");
                    connection.read(calloc(1, 1), 1);
                  }
                });

    assertEquals(List.of("Line 0: once\n", "8 pages", "EBADF"), log);
    assertEquals(before, sockets());
  }

  private static final class Refused extends Client {
    private final boolean lowers;
    @Nullable MicroSocket connection;

    Refused(InetSocketAddress address, boolean lowers) {
      super(address);
      this.lowers = lowers;
    }

    @Override
    protected void run() throws Exception {
      try {
        connection = connect(address);
        log.add("continues");
      } catch (RuntimeException | UnknownHostException e) {
        log.add(String.valueOf(e.getMessage()));
        throw e;
      }
    }

    @Override
    protected void lastly() throws Exception {
      super.lastly();
      if (lowers && errno() != null) {
        lower();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void aRefusedConnectIsRaisedAndNamesTheAddress(ExecutionMode mode) throws Exception {
    long before = sockets();
    Refused client = new Refused(deadPort(), false);

    mode.run(client);

    int port = client.address.getPort();
    assertEquals(
        List.of("ECONNREFUSED", "Refused raised ECONNREFUSED: connect 127.0.0.1:" + port),
        client.log);
    assertEquals(before, sockets());
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void aRefusedConnectThatIsLoweredGivesNoConnection(ExecutionMode mode) throws Exception {
    Refused client = new Refused(deadPort(), true);

    mode.run(client);

    assertEquals(List.of("ECONNREFUSED", "continues"), client.log);
    assertNull(client.connection);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = "LOCAL.*")
  void theLocalExecutorMakesNoConnections(ExecutionMode mode) throws Exception {
    Refused client = new Refused(deadPort(), false);

    mode.run(client);

    assertEquals("EOPNOTSUPP", client.log.getFirst());
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void memoryShortageForTheByteRingsIsRaisedAndLeaksNothing(ExecutionMode mode) throws Exception {
    long before = sockets();
    Refused client = new Refused(deadPort(), true);

    mode.run(client, "", MicroOptions.ofPages(8).withStackful(mode.stackful));

    assertEquals(List.of("ENOMEM", "continues"), client.log);
    assertEquals(before, sockets());
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void anUnresolvedAddressIsAFault(ExecutionMode mode) throws Exception {
    Refused client = new Refused(InetSocketAddress.createUnresolved("nowhere.invalid", 1), false);

    mode.run(client);

    assertEquals(List.of("nowhere.invalid", "EFAULT"), client.log);
  }

  // ---- connects that never complete: the server's backlog is full

  /** A server that accepts no connection, and whose backlog is full. */
  private static final class Full implements AutoCloseable {
    private final ServerSocket server;
    private final List<Socket> waiting = new ArrayList<>();

    Full() throws IOException {
      server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
      for (int i = 0; i < 2; i++) { // one more than the backlog
        waiting.add(new Socket(server.getInetAddress(), server.getLocalPort()));
      }
    }

    InetSocketAddress address() {
      return new InetSocketAddress(server.getInetAddress(), server.getLocalPort());
    }

    @Override
    public void close() throws IOException {
      for (Socket socket : waiting) {
        socket.close();
      }
      server.close();
    }
  }

  private static void awaitWait(MicroThread thread) {
    while (thread.status() != MicroStatus.WAIT) {
      Fiber.yield();
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void aProcessThatIsKilledWhileItConnectsLeaksNothing(ExecutionMode mode) throws Exception {
    try (Full server = new Full();
        Reactor reactor = Reactor.open()) {
      long before = sockets();
      Refused client = new Refused(server.address(), false);
      reactor.run(
          () -> {
            MicroProcess process = start(mode, client);
            awaitWait(client);
            process.kill();
            process.join();
          });

      assertEquals(List.of("EINTR", "Refused was ended"), client.log);
      assertEquals(before, sockets());
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void aDeadlineThatPassesDuringAConnectIsRaised(ExecutionMode mode) throws Exception {
    try (Full server = new Full();
        Reactor reactor = Reactor.open()) {
      long before = sockets();
      Client client =
          new Client(server.address()) {
            @Override
            protected void run() throws Exception {
              deadline(Deadline.after(Duration.ofMillis(1)));
              connect(address);
            }
          };
      reactor.run(() -> start(mode, client).join());

      assertEquals(List.of("ETIMEDOUT"), client.log);
      assertEquals(before, sockets());
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void aLastlyPastItsDeadlineDoesNotWaitForAConnection(ExecutionMode mode) throws Exception {
    try (Full server = new Full();
        Reactor reactor = Reactor.open()) {
      long before = sockets();
      Client client =
          new Client(server.address()) {
            @Override
            protected void run() throws Exception {
              deadline(Deadline.after(Duration.ofMillis(1)));
              pause();
            }

            @Override
            protected void lastly() throws Exception {
              super.lastly();
              if (log.size() == 1) {
                connect(address);
              }
            }
          };
      reactor.run(() -> start(mode, client).join());

      assertEquals(List.of("ETIMEDOUT", "ETIMEDOUT"), client.log);
      assertEquals(before, sockets());
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void theDeadlineOfABundleEndsAConnectAndTheThreadContinues(ExecutionMode mode) throws Exception {
    try (Full server = new Full();
        Reactor reactor = Reactor.open()) {
      long before = sockets();
      Client client =
          new Client(server.address()) {
            @Override
            protected void run() throws Exception {
              try (Bundle _ = Bundle.open(Deadline.after(Duration.ofMillis(1)))) {
                connect(address);
              } catch (ScopeExpiredException e) {
                log.add("too late");
              }
              while (sockets() > before) { // until the kernel has closed the socket
                Fiber.yield();
              }
              log.add("continues");
            }
          };
      reactor.run(() -> start(mode, client).join());

      assertEquals(List.of("too late", "continues"), client.log);
    }
  }

  // ---- stalled peers

  /** Writes more than any socket buffers, until an error is raised. */
  private static final class Writer extends MicroThread {
    @Override
    protected void run() throws Exception {
      write(new byte[64 << 20]);
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void theDeadlineOfAThreadLimitsTheDrainOfAllItsConnections(ExecutionMode mode) throws Exception {
    try (ServerSocket server = new ServerSocket(0, 2, InetAddress.getLoopbackAddress());
        Reactor reactor = Reactor.open()) {
      long before = sockets();
      InetSocketAddress address =
          new InetSocketAddress(server.getInetAddress(), server.getLocalPort());
      Client client =
          new Client(address) {
            @Override
            protected void run() throws Exception {
              for (int i = 0; i < 2; i++) {
                MicroSocket connection = connect(address);
                Writer writer = new Writer();
                child(writer, socket(), connection);
                play(writer);
                while (writer.status() != MicroStatus.WAIT) {
                  suspend(MicroStatus.YIELD);
                }
                raiseAt(writer, Errno.EINTR);
              }
              deadline(Deadline.after(Duration.ofMillis(1)));
            }
          };
      reactor.run(() -> start(mode, client).join());

      assertEquals(List.of(), client.log);
      assertEquals(before, sockets());
    }
  }
}

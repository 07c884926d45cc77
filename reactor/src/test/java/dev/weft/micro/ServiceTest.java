// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.FiberTask;
import dev.weft.Reactor;
import dev.weft.ReactorGroup;
import dev.weft.ReactorOptions;
import dev.weft.ReactorThread;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.net.TcpSocket;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Processes for connections, on loopback. */
@Tag("needs-weaving") // and runs in each form
class ServiceTest {
  private static final String REACTORS = "REACTOR.*";

  private static InetSocketAddress anyPort() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  private interface Client {
    void talk(MicroService service) throws Exception;
  }

  /** Runs a service, a client, and ends both. */
  private static void serve(
      ExecutionMode mode, int connectionsMax, Supplier<MicroThread> handlers, Client client)
      throws Exception {
    run(
        () -> {
          MicroService service =
              MicroService.start(anyPort(), mode.options(), connectionsMax, handlers);
          client.talk(service);
          service.kill();
          service.join();
          assertEquals(0, service.connections());
        });
  }

  private static void run(FiberTask task) throws Exception {
    try (Reactor reactor = Reactor.open()) {
      reactor.run(task);
    }
  }

  private static String read(TcpSocket socket, int length) throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(length);
      socket.readFully(bytes);
      return new String(bytes.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }
  }

  private static boolean isAtEnd(TcpSocket socket) throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      return socket.read(arena.allocate(1)) < 0;
    }
  }

  private static void write(TcpSocket socket, String text) throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocateFrom(text);
      socket.write(bytes.asSlice(0, bytes.byteSize() - 1));
    }
  }

  private static void echo(MicroService service, String text) throws Exception {
    try (TcpSocket socket = TcpSocket.connect(service.localAddress())) {
      write(socket, text + "\n");
      String expected = "Line 0: " + text + "\n";
      assertEquals(expected, read(socket, expected.length()));
      socket.shutdownOutput();
      assertTrue(isAtEnd(socket));
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void eachConnectionHasAProcessThatClosesIt(ExecutionMode mode) throws Exception {
    serve(
        mode,
        100,
        NumberedLines::new,
        service -> {
          try (Bundle clients = Bundle.open()) {
            for (int i = 0; i < 50; i++) {
              String text = "client " + i;
              clients.go(() -> echo(service, text));
            }
            clients.await();
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "::"})
  void aWildcardAcceptsBothFamilies(String wildcard) throws Exception {
    run(
        () -> {
          InetSocketAddress any = new InetSocketAddress(wildcard, 0);
          MicroService service =
              MicroService.start(
                  any, ExecutionMode.REACTOR_WOVEN.options(), 10, NumberedLines::new);
          int port = service.localAddress().getPort();
          assertEquals(new InetSocketAddress("::", port), service.localAddress());
          for (String host : List.of("127.0.0.1", "::1")) {
            try (TcpSocket client = TcpSocket.connect(new InetSocketAddress(host, port))) {
              write(client, host + "\n");
              assertEquals("Line 0: " + host, read(client, 8 + host.length()));
            }
          }
          service.kill();
          service.join();
        });
  }

  @Test
  void anUnresolvedServiceAddressIsAnUnknownHost() throws Exception {
    run(
        () -> {
          InetSocketAddress nowhere = InetSocketAddress.createUnresolved("nowhere.invalid", 7);
          String message = "";
          try {
            MicroService.start(
                    nowhere, ExecutionMode.REACTOR_WOVEN.options(), 10, NumberedLines::new)
                .kill();
          } catch (UnknownHostException e) {
            message = String.valueOf(e.getMessage());
          }
          assertEquals("nowhere.invalid", message);
        });
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void connectionsBeyondTheLimitWaitForAnotherToEnd(ExecutionMode mode) throws Exception {
    serve(
        mode,
        1,
        NumberedLines::new,
        service -> {
          TcpSocket first = TcpSocket.connect(service.localAddress());
          write(first, "first\n");
          assertEquals("Line 0: first\n", read(first, 14));
          Fiber second = Fiber.start(() -> echo(service, "second"));
          Fiber.yield();
          assertEquals(1, service.connections());
          first.close();
          second.join();
        });
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void aShutdownOfItsReactorStopsItAndLetsConnectionsFinish(ExecutionMode mode) throws Exception {
    run(
        () -> {
          ReactorThread reactor = Reactor.start("service", ReactorOptions.defaults());
          InetSocketAddress address =
              reactor
                  .submit(
                      () ->
                          MicroService.start(anyPort(), mode.options(), 10, NumberedLines::new)
                              .localAddress())
                  .get();
          try (TcpSocket client = TcpSocket.connect(address);
              Bundle bundle = Bundle.open()) {
            write(client, "before\n");
            assertEquals("Line 0: before\n", read(client, 15));

            bundle.go(() -> reactor.shutdown(Deadline.NEVER));

            awaitRefusal(address);
            write(client, "after\n");
            assertEquals("Line 1: after\n", read(client, 14));
            client.shutdownOutput();
            assertTrue(isAtEnd(client));
            bundle.await();
          }
        });
  }

  @Test
  void connectionsAreKilledWhenTheGraceOfAShutdownEnds() throws Exception {
    run(
        () -> {
          ReactorGroup group = ReactorGroup.start("services", 1, ReactorOptions.defaults());
          MicroOptions options = ExecutionMode.REACTOR_WOVEN.options();
          InetSocketAddress address =
              group
                  .submit(
                      () ->
                          MicroService.start(anyPort(), options, 10, NumberedLines::new)
                              .localAddress())
                  .get();
          try (TcpSocket client = TcpSocket.connect(address)) {
            write(client, "before\n");
            assertEquals("Line 0: before\n", read(client, 15));

            group.shutdown(Deadline.after(Duration.ofMillis(1)));

            assertTrue(isAtEnd(client));
          }
        });
  }

  /** Connects until it is refused; connections that waited to be accepted by then are reset. */
  private static void awaitRefusal(InetSocketAddress address) throws Exception {
    Errno end = Errno.ECONNRESET;
    while (end == Errno.ECONNRESET) {
      try {
        TcpSocket.connect(address).close();
      } catch (ErrnoException e) {
        end = e.errno();
      }
    }
    assertEquals(Errno.ECONNREFUSED, end);
  }

  /** Divides by zero when it gets its first line. */
  private static final class Crasher extends MicroThread {
    private int zero;

    @Override
    protected void run() throws Exception {
      MicroBlock line = calloc(1, 64);
      readline(line, 64);
      literal("about to fail\n");
      line.setInt(0, 5 / zero);
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void aFailedHandlerIsClosedAndTheServiceContinues(ExecutionMode mode) throws Exception {
    silently(
        () ->
            serve(
                mode,
                10,
                Crasher::new,
                service -> {
                  for (int i = 0; i < 3; i++) {
                    try (TcpSocket socket = TcpSocket.connect(service.localAddress())) {
                      write(socket, "go\n");
                      assertEquals("about to fail\n", read(socket, 14));
                      assertTrue(isAtEnd(socket));
                    }
                  }
                }));
  }

  private static String silently(FiberTask task) throws Exception {
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    PrintStream before = System.err;
    System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    try {
      task.run();
    } finally {
      System.setErr(before);
    }
    return log.toString(StandardCharsets.UTF_8);
  }

  /** Reads, and records the error that ended it. */
  private static final class Sink extends MicroThread {
    static final List<String> ENDS = new ArrayList<>();

    @Override
    protected void run() throws Exception {
      MicroBlock block = calloc(1, 4096);
      while (read(block, 4096) == 4096) {}
    }

    @Override
    protected void lastly() {
      ENDS.add(String.valueOf(errno()));
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void anIdleConnectionEndsWithItsServiceAndItsLastlyRuns(ExecutionMode mode) throws Exception {
    Sink.ENDS.clear();
    silently(
        () ->
            serve(
                mode,
                10,
                Sink::new,
                service -> {
                  TcpSocket idle = TcpSocket.connect(service.localAddress());
                  while (service.connections() == 0) {
                    Fiber.yield();
                  }
                  service.kill();
                  assertTrue(isAtEnd(idle));
                  idle.close();
                }));

    assertEquals(List.of("EINTR"), Sink.ENDS);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void aResetIsRaisedInTheReadingThread(ExecutionMode mode) throws Exception {
    Sink.ENDS.clear();
    serve(
        mode,
        10,
        Sink::new,
        service -> {
          TcpSocket socket =
              TcpSocket.connect(
                  service.localAddress(),
                  dev.weft.net.SocketOptions.defaults().withLinger(java.time.Duration.ZERO),
                  Deadline.NEVER);
          while (service.connections() == 0) {
            Fiber.yield();
          }
          socket.close();
          while (service.connections() > 0) {
            Fiber.yield();
          }
        });

    assertEquals(List.of("ECONNRESET"), Sink.ENDS);
  }

  /** Writes more than the system buffers, to a client that is slow to read. */
  private static final class Flood extends MicroThread {
    static final int BYTES = 8 << 20;

    @Override
    protected void run() throws Exception {
      MicroBlock block = calloc(1, 4096);
      block.fill((byte) 'x');
      for (int i = 0; i < BYTES / 4096; i++) {
        write(block, 4096);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void aSlowClientReceivesAllOfALargeResponse(ExecutionMode mode) throws Exception {
    serve(
        mode,
        10,
        Flood::new,
        service -> {
          try (TcpSocket socket = TcpSocket.connect(service.localAddress());
              Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(65536);
            Fiber.yield();
            long total = 0;
            for (int n; (n = socket.read(buffer)) >= 0; ) {
              total += n;
            }
            assertEquals(Flood.BYTES, total);
          }
        });
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = REACTORS)
  void processesAreKilledWhenTheirReactorIsCancelled(ExecutionMode mode) throws Exception {
    Sink.ENDS.clear();
    silently(
        () -> {
          try (Reactor reactor = Reactor.open()) {
            reactor.run(
                () -> {
                  try (SystemPipe in = SystemPipe.open()) {
                    dev.weft.micro.MicroProcess.start(
                        new Sink(), mode.options().withDescriptors(in.reading, in.writing));
                    Fiber.yield();
                    Fiber.yield();
                  }
                  throw new ErrnoException("test", null, 5);
                });
          } catch (ErrnoException e) {
            Sink.ENDS.add(e.getMessage());
          }
        });

    assertEquals("EINTR", Sink.ENDS.getFirst());
    assertEquals(2, Sink.ENDS.size());
  }
}

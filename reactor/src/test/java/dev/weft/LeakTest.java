// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.CancelledException;
import dev.weft.fs.File;
import dev.weft.io.Pipe;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Handles left open are closed with the reactor, and reported. */
class LeakTest {
  private static final Pattern DESCRIPTOR = Pattern.compile("\\(descriptor (\\d+)\\)");

  private final List<Leak> leaks = new ArrayList<>();

  private ReactorOptions options() {
    return Reactors.options().withLeakHandler(this::note);
  }

  /** Leaks of coroutines of other tests in this JVM are reported here too, and are ignored. */
  private void note(Leak leak) {
    if (DESCRIPTOR.matcher(leak.resource()).find() || leak.resource().endsWith(" lost")) {
      leaks.add(leak);
    }
  }

  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  private static boolean isOpen(Leak leak) {
    Matcher matcher = DESCRIPTOR.matcher(leak.resource());
    assertTrue(matcher.find(), leak::toString);
    return Files.exists(Path.of("/proc/self/fd", matcher.group(1)));
  }

  @Test
  @Tag("needs-io-uring")
  void handlesLeftOpenAreClosedAndReportedWhenTheReactorCloses() throws Exception {
    List<Boolean> openWhenReported = new ArrayList<>();
    ReactorOptions options =
        options()
            .withLeakHandler(
                leak -> {
                  note(leak);
                  if (leaks.contains(leak)) {
                    openWhenReported.add(isOpen(leak));
                  }
                });
    try (Reactor reactor = Reactors.open(options)) {
      reactor.run(
          () -> {
            File.open(Path.of("/proc/self/status"));
            Pipe.open();
            TcpListener listener = TcpListener.bind(loopback());
            TcpSocket.connect(listener.localAddress());
            listener.accept();
          });
    }

    assertEquals(6, leaks.size(), leaks::toString);
    assertFalse(openWhenReported.contains(false));
    assertTrue(leaks.stream().allMatch(leak -> leak.reason() == Leak.Reason.REACTOR_CLOSED));
    assertTrue(leaks.stream().anyMatch(leak -> leak.resource().startsWith("/proc/self/status")));
    assertTrue(leaks.stream().noneMatch(LeakTest::isOpen), leaks::toString);
  }

  @Test
  void unacceptedConnectionsAreClosedWithTheReactor() throws Exception {
    try (SocketChannel fetched = SocketChannel.open();
        SocketChannel waiting = SocketChannel.open()) {
      try (Reactor reactor = Reactors.open(options())) {
        reactor.run(
            () -> {
              TcpListener listener = TcpListener.bind(loopback());
              fetched.connect(listener.localAddress());
              waiting.connect(listener.localAddress());
              listener.accept().close();
              Fiber.yield(); // the kernel accepts the other one as well
            });
      }

      assertEquals(1, leaks.size(), leaks::toString); // the listener
      assertEquals(-1, waiting.read(ByteBuffer.allocate(1)));
    }
  }

  @Test
  void closedHandlesAreNotReported() throws Exception {
    try (Reactor reactor = Reactors.open(options())) {
      reactor.run(
          () -> {
            try (TcpListener listener = TcpListener.bind(loopback());
                TcpSocket client = TcpSocket.connect(listener.localAddress());
                TcpSocket server = listener.accept();
                Pipe pipe = Pipe.open();
                Arena arena = Arena.ofShared()) {
              Fiber reader =
                  Fiber.start(
                      () ->
                          Throwing.assertThrows(
                              IOException.class, () -> server.read(arena.allocate(1))));
              Fiber.yield();
              reactor.execute(server::close); // while a read is in progress
              reader.join();
              assertTrue(client.isOpen() && pipe.source() != null);
            }
          });
    }

    assertEquals(List.of(), leaks);
  }

  @Test
  @Tag("needs-io-uring")
  void allHandlesAreClosedEvenIfTheLeakHandlerThrows() throws Exception {
    IllegalStateException failure = new IllegalStateException("the handler has failed");
    ReactorOptions options =
        Reactors.options()
            .withLeakHandler(
                leak -> {
                  note(leak);
                  if (leaks.contains(leak)) {
                    throw failure;
                  }
                });
    Reactor reactor = Reactors.open(options);
    reactor.run(Pipe::open);

    assertSame(failure, assertThrows(IllegalStateException.class, reactor::close));

    assertEquals(2, leaks.size());
    assertTrue(leaks.stream().noneMatch(LeakTest::isOpen));
    Reactors.open(Reactors.options()).close(); // the thread can have another
  }

  @Test
  @Tag("needs-stack") // woven frames may keep references that their code no longer uses
  @Tag("needs-io-uring")
  void anOpenHandleThatBecomesGarbageIsClosedAndReported() throws Exception {
    Reactors.run(
        options(),
        () -> {
          lose();
          Fiber.sleep(Duration.ofMillis(1)); // clears the fiber's reference to its last operation
          while (leaks.size() < 3) {
            System.gc();
            for (int i = 0; i < 100; i++) {
              Fiber.yield();
            }
          }
        });

    assertTrue(leaks.stream().allMatch(leak -> leak.reason() == Leak.Reason.GARBAGE));
    assertTrue(leaks.stream().noneMatch(LeakTest::isOpen), leaks::toString);
  }

  /** A method of its own, so that no frame of the caller refers to the lost handles. */
  private static void lose() throws Exception {
    Pipe.open();
    TcpListener listener = TcpListener.bind(loopback());
    Fiber waiting =
        Fiber.start(() -> Throwing.assertThrows(CancelledException.class, listener::accept));
    Fiber.yield();
    waiting.cancel(); // leaves a multishot accept in the kernel
    waiting.join();
  }

  @Test
  void aSuspendedCoroutineThatBecomesGarbageIsReported() throws Exception {
    Reactors.run(
        options(),
        () -> {
          abandon();
          while (leaks.isEmpty()) {
            System.gc();
            for (int i = 0; i < 100; i++) {
              Fiber.yield();
            }
          }
        });

    assertEquals("suspended coroutine lost", leaks.get(0).resource());
  }

  private static void abandon() {
    Coroutine<Integer, Integer, Integer> lost = Coroutine.of("lost", out -> out.yield(1));
    assertEquals(1, lost.start());
    Coroutine<Integer, Integer, Integer> ended = Coroutine.of("ended", out -> out.yield(1));
    ended.start();
    ended.finish(2);
  }
}

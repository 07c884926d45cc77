// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.Errno;
import dev.weft.error.ReactorUnavailableException;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import dev.weft.sync.AsyncEvent;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Options that trade processor time for latency, and those of the kernel's threads. */
class ReactorTuningTest {
  private static final Duration SHORT = Duration.ofMillis(1);

  /** Longer than any test. */
  private static final Duration LONG = Duration.ofDays(1);

  private static final int ROUNDS = 100;

  private enum Option {
    WORKERS,
    POLLING,
    NETWORK;

    ReactorOptions options() {
      ReactorOptions options = Reactors.options();
      return switch (this) {
        case WORKERS -> options.withWorkers(2, 3);
        case POLLING -> options.withSubmissionPolling(SHORT, ReactorOptions.UNPINNED);
        case NETWORK -> options.withNetworkPolling(Duration.ofNanos(1));
      };
    }
  }

  @ParameterizedTest
  @CsvSource({"WORKERS,kernel workers", "POLLING,submission polling", "NETWORK,network polling"})
  void aSelectorRefusesWhatOnlyARingCanDo(Option option, String name) throws Exception {
    ReactorOptions options = option.options().withBackend(BackendKind.SELECTOR);

    var e = assertThrows(ReactorUnavailableException.class, () -> Reactor.open(options));

    assertEquals(Errno.EOPNOTSUPP, e.errno());
    assertTrue(e.getMessage().contains(name), e.getMessage());
    assertTrue(e.getMessage().contains("selector"), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"WORKERS", "POLLING", "NETWORK"})
  @Tag("needs-io-uring")
  void connectionsWorkWithEachOption(Option option) throws Exception {
    Reactors.run(option.options(), ReactorTuningTest::echo);
  }

  private static void echo() throws Exception {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (Arena arena = Arena.ofConfined();
        Bundle bundle = Bundle.open();
        TcpListener listener = TcpListener.bind(any)) {
      bundle.go(() -> serve(listener));
      MemorySegment number = arena.allocate(ValueLayout.JAVA_INT);
      try (TcpSocket client = TcpSocket.connect(listener.localAddress())) {
        for (int i = 0; i < ROUNDS; i++) {
          number.set(ValueLayout.JAVA_INT, 0, i);
          client.write(number);
          number.set(ValueLayout.JAVA_INT, 0, -1);
          client.readFully(number);
          assertEquals(i, number.get(ValueLayout.JAVA_INT, 0));
        }
      }
      bundle.await();
    }
  }

  private static void serve(TcpListener listener) throws Exception {
    try (Arena arena = Arena.ofConfined();
        TcpSocket connection = listener.accept()) {
      MemorySegment buffer = arena.allocate(Long.BYTES);
      for (long read; (read = connection.read(buffer)) > 0; ) {
        connection.write(buffer.asSlice(0, read));
      }
    }
  }

  @Test
  @Tag("needs-io-uring")
  void aCpuThatIsNotThereIsRefusedByName() throws Exception {
    Reactors.open(Reactors.options()).close(); // or the test is skipped
    ReactorOptions options = Reactors.options().withSubmissionPolling(SHORT, 1 << 20);

    var e = assertThrows(ReactorUnavailableException.class, () -> Reactor.open(options));

    assertEquals(Errno.EINVAL, e.errno());
    assertTrue(e.getMessage().contains("CPU " + (1 << 20)), e.getMessage());
  }

  @Test
  void aSpinningReactorTakesMessagesWithoutASleep() throws Exception {
    try (Reactor reactor = Reactors.open(Reactors.options().withSpin(LONG))) {
      reactor.run(
          () -> {
            try (AsyncEvent event = AsyncEvent.create()) {
              while (reactor.stats().spins() == 0) { // the message was there before the search
                Thread.ofPlatform().start(event::signal);
                event.await();
              }
            }
          });

      ReactorStats stats = reactor.stats();
      assertEquals(0, stats.wakeups());
      assertEquals(stats.spins(), stats.spinHits());
    }
  }

  @Test
  void aSpinEndsAtTheNextDeadline() throws Exception {
    try (Reactor reactor = Reactors.open(Reactors.options().withSpin(LONG))) {
      reactor.run(
          () -> {
            while (reactor.stats().spins() == 0) { // the time was over before the search
              Fiber.sleep(SHORT);
            }
          });

      assertEquals(0, reactor.stats().spinHits());
    }
  }

  @Test
  void aReactorThatDoesNotSpinCountsNone() throws Exception {
    try (Reactor reactor = Reactors.open(Reactors.options())) {
      reactor.run(() -> Fiber.sleep(SHORT));

      assertEquals(0, reactor.stats().spins());
    }
  }

  @ParameterizedTest
  @CsvSource({"-1,0,0,0,0", "0,-1,0,0,0", "0,0,-1,0,0", "0,0,61,0,0", "0,0,0,-1,0", "0,0,0,0,-1"})
  @Tag("mode-independent")
  void nonsenseIsRefused(int bounded, int unbounded, int idle, int network, int spin) {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            ReactorOptions.defaults()
                .withWorkers(bounded, unbounded)
                .withSubmissionPolling(Duration.ofSeconds(idle), ReactorOptions.UNPINNED)
                .withNetworkPolling(Duration.ofSeconds(network))
                .withSpin(Duration.ofSeconds(spin)));
  }

  @Test
  @Tag("mode-independent")
  void anOptionKeepsTheOthers() {
    ReactorOptions options =
        ReactorOptions.defaults()
            .withQueueEntries(8)
            .withWorkers(2, 3)
            .withSubmissionPolling(SHORT, 1)
            .withNetworkPolling(SHORT)
            .withSpin(LONG)
            .withStackBytes(4);

    assertEquals(8, options.queueEntries());
    assertEquals(2, options.boundedWorkers());
    assertEquals(3, options.unboundedWorkers());
    assertEquals(SHORT, options.submissionPollingIdle());
    assertEquals(1, options.submissionPollingCpu());
    assertEquals(SHORT, options.networkPolling());
    assertEquals(LONG, options.spin());
    assertEquals(4, options.stackBytes());
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Blocking;
import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.FiberTask;
import dev.weft.Reactor;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.DeadlockException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.fs.File;
import dev.weft.internal.strand.EventLoop;
import dev.weft.io.Pipe;
import dev.weft.net.SocketOptions;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import dev.weft.os.Signal;
import dev.weft.os.Signals;
import dev.weft.sync.AsyncEvent;
import dev.weft.sync.Channel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the test kit promises to its users. */
class SimulationTest {
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private static SimulationFailure failureOf(FiberTask task) {
    return assertThrows(SimulationFailure.class, () -> Simulation.seed(7).run(task));
  }

  private static void assertContains(String text, String part) {
    assertTrue(text.contains(part), () -> "\"" + part + "\" is not in: " + text);
  }

  // ---- repetition

  @Test
  void theSameSeedRepeatsARun() {
    for (Scenarios.Scenario scenario : Scenarios.ALL) {
      for (long seed = 1; seed <= 20; seed++) {
        Simulation simulation =
            Simulation.seed(seed)
                .withFaults(scenario.faults())
                .withDirectDescriptors(DirectScenarios.SLOTS);
        assertEquals(
            simulation.run(scenario.task()).toString(),
            simulation.run(scenario.task()).toString(),
            scenario.name() + " " + seed);
      }
    }
  }

  @Test
  void differentSeedsMakeDifferentRuns() {
    Set<Long> digests = new HashSet<>();
    FiberTask task = Scenarios.named("echo").task();
    for (long seed = 1; seed <= 50; seed++) {
      digests.add(Simulation.seed(seed).run(task).digest());
    }
    assertEquals(50, digests.size());
  }

  @Test
  void aFailureNamesTheSeedThatReplaysIt() {
    FiberTask unlucky =
        () -> {
          if (Simulation.random().nextInt(10) == 3) {
            throw new IllegalStateException("out of luck");
          }
        };

    SimulationFailure failure =
        assertThrows(SimulationFailure.class, () -> Simulation.seeds(1000).check(unlucky));

    assertContains(failure.getMessage(), "-Ddev.weft.sim.seed=" + failure.seed());
    assertContains(failure.getCause().getMessage(), "out of luck");
    SimulationFailure again =
        assertThrows(SimulationFailure.class, () -> Simulation.seed(failure.seed()).run(unlucky));
    assertEquals(failure.trace(), again.trace());
  }

  // ---- time and order

  @Test
  void timeAdvancesOnlyWhenNoFiberCanRun() {
    Trace trace =
        Simulation.seed(1)
            .run(
                () -> {
                  Deadline hour = Deadline.after(Duration.ofHours(1));
                  Fiber.sleep(Duration.ZERO);
                  assertEquals(Duration.ofHours(1), hour.remaining());
                  Fiber.sleepUntil(hour);
                  assertTrue(hour.hasPassed());
                });

    assertEquals(Duration.ofHours(1), trace.elapsed());
  }

  @Test
  void theOrderOfFibersIsChosenBySeed() {
    Set<String> orders = new HashSet<>();
    for (long seed = 1; seed <= 200; seed++) {
      StringBuilder order = new StringBuilder();
      Simulation.seed(seed)
          .withFaults(Faults.none())
          .run(
              () -> {
                for (char name : new char[] {'a', 'b', 'c', 'd'}) {
                  Fiber.start(() -> order.append(name));
                }
              });
      orders.add(order.toString());
    }
    assertEquals(24, orders.size(), "all permutations of four");
  }

  @Test
  void aYieldLetsEveryOtherFiberRunFirst() {
    Simulation.seeds(200)
        .check(
            () -> {
              int[] ran = new int[1];
              for (int i = 0; i < 5; i++) {
                Fiber.start(() -> ran[0]++);
              }
              Fiber.yield();
              assertEquals(5, ran[0]);
            });
  }

  // ---- faults that are found

  @Test
  void aLostUpdateAcrossASuspensionIsFound() {
    FiberTask broken =
        () -> {
          int[] counter = new int[1];
          try (Bundle bundle = Bundle.open()) {
            for (int i = 0; i < 3; i++) {
              bundle.go(
                  () -> {
                    int read = counter[0];
                    Fiber.yield();
                    counter[0] = read + 1;
                  });
            }
            bundle.await();
          }
          assertEquals(3, counter[0]);
        };

    assertThrows(SimulationFailure.class, () -> Simulation.seeds(100).check(broken));
  }

  @Test
  void aDescriptorLeftOpenIsReportedWithItsOrigin() {
    SimulationFailure failure =
        failureOf(
            () -> {
              TcpListener forgotten = TcpListener.bind(ANY_PORT);
              assertFalse(forgotten.localAddress().getPort() == 0);
            });

    assertContains(failure.getMessage(), "was not closed");
    assertContains(failure.getMessage(), "listener");
    assertContains(failure.getMessage(), "SimulationTest");
  }

  @Test
  void memoryChangedWhileTheKernelUsesItIsFound() {
    FiberTask careless =
        () -> {
          try (Pipe pipe = Pipe.open();
              Arena arena = Arena.ofShared()) {
            MemorySegment buffer = arena.allocate(16);
            Fiber reader = Fiber.start(() -> pipe.source().read(buffer));
            Fiber.sleep(Duration.ofMillis(100));
            buffer.set(ValueLayout.JAVA_BYTE, 9, (byte) ~buffer.get(ValueLayout.JAVA_BYTE, 9));
            pipe.sink().write(arena.allocateFrom("abc"));
            reader.join();
          }
        };

    assertContains(failureOf(careless).getMessage(), "its memory was changed");
  }

  @Test
  void aDeadlockIsFound() {
    SimulationFailure failure = failureOf(() -> Channel.<String>rendezvous().receive());
    assertInstanceOf(DeadlockException.class, failure.getCause());
  }

  @Test
  void aWaitThatCanNeverEndIsFound() {
    SimulationFailure failure =
        failureOf(
            () -> {
              try (TcpListener listener = TcpListener.bind(ANY_PORT)) {
                listener.accept().close();
              }
            });

    assertContains(failure.getMessage(), "nothing can happen any more");
    assertContains(failure.getMessage(), "accept");
  }

  @Test
  void aFiberThatSpinsUntilADeadlineIsFound() {
    SimulationFailure failure =
        assertThrows(
            SimulationFailure.class,
            () ->
                Simulation.seed(1)
                    .withTurnsMax(1000)
                    .run(
                        () -> {
                          Deadline later = Deadline.after(Duration.ofSeconds(1));
                          while (!later.hasPassed()) {
                            Fiber.yield();
                          }
                        }));
    assertContains(failure.getMessage(), "has not ended after 1000 turns");
  }

  @Test
  void aWaitByTheRealClockIsFound() {
    SimulationFailure failure = failureOf(() -> Thread.sleep(Duration.ofHours(1)));
    assertContains(failure.getMessage(), "waits by the real clock");
  }

  @Test
  void aCallFromAnotherThreadIsFound() {
    SimulationFailure failure =
        failureOf(
            () -> {
              Reactor reactor = Reactor.current();
              Thread other = Thread.ofPlatform().start(() -> reactor.execute(() -> {}));
              while (other.isAlive()) {
                Thread.onSpinWait(); // blocking would be reported first
              }
            });
    assertContains(failure.getMessage(), "from outside of the simulation");
  }

  @Test
  void aFailureOfAnUnjoinedFiberIsFound() {
    SimulationFailure failure =
        failureOf(
            () ->
                Fiber.start(
                    () -> {
                      throw new IllegalStateException("alone");
                    }));
    assertContains(failure.getCause().getMessage(), "alone");
  }

  @Test
  void aBrokenInvariantIsFoundAfterTheTurn() {
    int[] balance = new int[1];
    SimulationFailure failure =
        failureOf(
            () -> {
              balance[0] = 0;
              Simulation.afterEachTurn(() -> assertEquals(0, balance[0], "balance"));
              Fiber.yield();
              balance[0]++;
              Fiber.sleep(Duration.ofMillis(1));
            });
    assertContains(failure.getMessage(), "balance");
  }

  // ---- JDK calls, blocking calls, signals and files

  @Test
  @Tag("needs-stack") // locks of the JDK need fibers with threads of their own
  void locksOfTheJdkWorkAmongFibers() {
    Simulation.seeds(100)
        .check(
            () -> {
              ReentrantLock lock = new ReentrantLock();
              int[] counter = new int[1];
              try (Bundle bundle = Bundle.open()) {
                for (int i = 0; i < 4; i++) {
                  bundle.go(
                      () -> {
                        lock.lock();
                        try {
                          int read = counter[0];
                          Fiber.sleep(Duration.ofMillis(1));
                          counter[0] = read + 1;
                        } finally {
                          lock.unlock();
                        }
                      });
                }
                bundle.await();
              }
              assertEquals(4, counter[0]);
            });
  }

  @Test
  void aBlockingCallTakesVirtualTime() {
    Simulation.seeds(50)
        .check(
            () -> {
              AsyncEvent event = AsyncEvent.create();
              Thread reactor = Thread.currentThread();
              Thread other =
                  Blocking.call(
                      () -> {
                        event.signal();
                        return Thread.currentThread();
                      });
              assertNotEquals(reactor, other);
              event.await();
            });
  }

  @Test
  void aDeadlineInterruptsABlockingCallThatHasNotBegun() {
    int[] calls = new int[2];
    Simulation.seeds(100)
        .check(
            () -> {
              try {
                calls[0]++;
                Blocking.call(() -> calls[1]++, Deadline.after(Duration.ofMillis(1)));
              } catch (DeadlineExceededException e) {
                // the call has begun before the deadline in this run
              }
            });
    assertTrue(calls[1] > 0 && calls[1] < calls[0], calls[1] + " of " + calls[0]);
  }

  @Test
  void aProgramCanRaiseSignals() {
    Simulation.seeds(20)
        .check(
            () -> {
              try (Signals signals = Signals.open(Signal.TERM)) {
                Fiber.start(() -> Simulation.raise(Signal.TERM));
                assertEquals(Signal.TERM, signals.await());
              }
            });
  }

  @Test
  @Tag("needs-stack") // calls assertThrows, which is not woven
  void aProgramSeesTheFilesOfTheSimulationOnly() {
    Simulation.seed(1)
        .withFile("/etc/motd", "hello")
        .run(
            () -> {
              try (File file = File.open(Path.of("/etc/motd"));
                  Arena arena = Arena.ofConfined()) {
                MemorySegment buffer = arena.allocate(6);
                file.readFully(buffer.asSlice(0, 5));
                assertEquals("hello", buffer.getString(0));
              }
              ErrnoException e =
                  assertThrows(ErrnoException.class, () -> File.open(Path.of("/etc/passwd")));
              assertEquals(Errno.ENOENT, e.errno());
            });
  }

  @Test
  void dotsInPathsAreResolved() {
    Simulation simulation =
        Simulation.seed(1).withFile("/etc/../b", "x").withDirectory("/etc/./x").withFile("c", "x");
    simulation.run(
        () -> {
          for (String name : List.of("/b", "/etc/../b", "./b", "/etc/x/../../b", "/../c", "/.")) {
            File.open(Path.of(name)).close();
          }
        });
  }

  @Test
  void anOperationThatIsNotReleasedIsFound() {
    SimulationFailure failure =
        failureOf(
            () -> {
              EventLoop loop = EventLoop.require("test");
              loop.backend().create(op -> {});
            });
    assertContains(failure.getMessage(), "was not released");
  }

  @Test
  void aFullBacklogMakesClientsTryAgainAfterASecond() {
    Trace trace =
        Simulation.seed(1)
            .withFaults(Faults.none())
            .run(
                () -> {
                  try (TcpListener listener =
                      TcpListener.bind(ANY_PORT, SocketOptions.defaults().withBacklog(0))) {
                    TcpSocket first = TcpSocket.connect(listener.localAddress());
                    Fiber second =
                        Fiber.start(() -> TcpSocket.connect(listener.localAddress()).close());
                    Fiber.sleep(Duration.ofMillis(500));
                    listener.accept().close();
                    listener.accept().close();
                    second.join();
                    first.close();
                  }
                });
    assertEquals(Duration.ofSeconds(1), trace.elapsed());
  }

  @Test
  void aConnectionToAStalledPeerFailsAfterTheUserTimeout() {
    Duration limit = Duration.ofMinutes(1);
    Trace trace =
        Simulation.seed(1)
            .withFaults(Faults.none())
            .run(
                () -> {
                  SocketOptions options = SocketOptions.defaults().withUserTimeout(limit);
                  try (TcpListener listener = TcpListener.bind(ANY_PORT, options);
                      TcpSocket client = TcpSocket.connect(listener.localAddress());
                      TcpSocket server = listener.accept();
                      Arena arena = Arena.ofConfined()) {
                    MemorySegment large = arena.allocate(16 << 20);
                    try {
                      server.write(large);
                      throw new AssertionError("who has taken it?");
                    } catch (ErrnoException e) {
                      assertEquals(Errno.ETIMEDOUT, e.errno());
                    }
                    assertTrue(client.isOpen());
                  }
                });
    assertEquals(limit, trace.elapsed());
  }

  @Test
  void faultsAreChecked() {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Faults.none().withResets(1001));
    assertContains(e.getMessage(), "1001");
  }
}

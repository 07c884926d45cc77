// SPDX-License-Identifier: Apache-2.0
package dev.weft.stackful;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactors;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Thread facilities of the JDK have their usual meaning in stackful fibers. */
@Tag("needs-stack")
class JdkMeaningTest {
  @Test
  void aReentrantLockKeepsOtherFibersOut() throws Exception {
    ReentrantLock lock = new ReentrantLock();
    int[] inside = {0};
    int[] entered = {0};

    Reactors.run(
        () -> {
          for (int i = 0; i < 5; i++) {
            Fiber.start(
                () -> {
                  lock.lock();
                  try {
                    assertEquals(1, ++inside[0]);
                    Fiber.yield();
                    Fiber.sleep(Duration.ofNanos(1));
                    assertEquals(0, --inside[0]);
                    entered[0]++;
                  } finally {
                    lock.unlock();
                  }
                });
          }
        });

    assertEquals(5, entered[0]);
  }

  @Test
  void aMonitorHeldAcrossASuspensionKeepsOtherFibersOut() throws Exception {
    Object monitor = new Object();
    int[] inside = {0};
    int[] entered = {0};

    Reactors.run(
        () -> {
          for (int i = 0; i < 5; i++) {
            Fiber.start(
                () -> {
                  synchronized (monitor) {
                    assertEquals(1, ++inside[0]);
                    Fiber.yield();
                    assertEquals(0, --inside[0]);
                    entered[0]++;
                  }
                });
          }
        });

    assertEquals(5, entered[0]);
  }

  @Test
  void waitAndNotifyWorkBetweenFibers() throws Exception {
    Object monitor = new Object();
    boolean[] ready = {false};
    List<String> log = new ArrayList<>();

    Reactors.run(
        () -> {
          Fiber waiter =
              Fiber.start(
                  () -> {
                    synchronized (monitor) {
                      while (!ready[0]) {
                        monitor.wait();
                      }
                    }
                    log.add("notified");
                  });
          Fiber.yield();
          synchronized (monitor) {
            ready[0] = true;
            monitor.notifyAll();
          }
          waiter.join();
        });

    assertEquals(List.of("notified"), log);
  }

  @Test
  void aSemaphoreParksOnlyTheFiberThatWaits() throws Exception {
    Semaphore semaphore = new Semaphore(0);
    List<String> log = new ArrayList<>();

    Reactors.run(
        () -> {
          Fiber waiter =
              Fiber.start(
                  () -> {
                    semaphore.acquire();
                    Fiber.checkCancelled();
                    log.add("acquired");
                  });
          Fiber.yield();
          log.add("others run");
          semaphore.release();
          waiter.join();
        });

    assertEquals(List.of("others run", "acquired"), log);
  }

  @Test
  void anUnparkByAnotherThreadIsExecutedByTheReactor() throws Exception {
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch latch = new CountDownLatch(1);
    Thread other =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    started.await();
                  } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                  }
                  latch.countDown();
                });

    Reactors.assertEnds(
        () -> {
          started.countDown();
          latch.await();
          Fiber.yield();
        });

    other.join();
  }

  @Test
  void aSynchronousQueueConnectsFiberAndThread() throws Exception {
    SynchronousQueue<Integer> queue = new SynchronousQueue<>();
    Thread producer =
        Thread.ofPlatform()
            .start(
                () -> {
                  for (int i = 0; i < 100; i++) {
                    try {
                      queue.put(i);
                    } catch (InterruptedException e) {
                      throw new IllegalStateException(e);
                    }
                  }
                });

    Reactors.run(
        () -> {
          for (int i = 0; i < 100; i++) {
            assertEquals(i, queue.take());
            Fiber.yield();
          }
        });

    producer.join();
  }

  @Test
  void threadSleepLetsOtherFibersRun() throws Exception {
    List<String> log = new ArrayList<>();

    Reactors.run(
        () -> {
          CountDownLatch asleep = new CountDownLatch(1);
          Fiber sleeper =
              Fiber.start(
                  () -> {
                    asleep.await(1, java.util.concurrent.TimeUnit.MILLISECONDS);
                    Fiber.yield();
                    log.add("woken");
                  });
          Fiber.yield();
          log.add("others run");
          sleeper.join();
        });

    assertEquals(List.of("others run", "woken"), log);
  }

  @Test
  void aThreadLocalBelongsToItsFiber() throws Exception {
    ThreadLocal<String> local = ThreadLocal.withInitial(() -> "initial");

    Reactors.run(
        () -> {
          for (String value : List.of("a", "b")) {
            Fiber.start(
                () -> {
                  assertEquals("initial", local.get());
                  local.set(value);
                  Fiber.yield();
                  assertEquals(value, local.get());
                });
          }
          Fiber.yield();
          assertEquals("initial", local.get());
        });
  }

  private static final ScopedValue<String> SCOPED = ScopedValue.newInstance();

  @Test
  void aScopedValueBelongsToItsFiber() throws Exception {
    Reactors.run(
        () -> {
          for (String value : List.of("a", "b")) {
            Fiber.start(
                () ->
                    ScopedValue.where(SCOPED, value)
                        .run(
                            () -> {
                              Fiber.yield();
                              assertEquals(value, SCOPED.get());
                            }));
          }
          Fiber.yield();
          assertFalse(SCOPED.isBound());
        });
  }

  @Test
  void aConfinedArenaBelongsToItsFiber() throws Exception {
    Reactors.run(
        () -> {
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment mine = arena.allocate(8);
            Fiber other =
                Fiber.start(
                    () ->
                        assertThrows(
                            WrongThreadException.class, () -> mine.set(BYTE, 0, (byte) 1)));
            other.join();
            mine.set(BYTE, 0, (byte) 1);
          }
        });
  }

  private static final java.lang.foreign.ValueLayout.OfByte BYTE =
      java.lang.foreign.ValueLayout.JAVA_BYTE;

  @Test
  void theStackOfAParkedFiberShowsWhereItWaits() throws Exception {
    Reactors.run(
        () -> {
          Fiber parked = Fiber.start("parked", JdkMeaningTest::waitForEver);
          Fiber.yield();

          boolean found =
              Arrays.stream(parked.stackTrace())
                  .anyMatch(frame -> frame.getMethodName().equals("waitForEver"));
          assertTrue(found, () -> Arrays.toString(parked.stackTrace()));
          parked.cancel();
        });
  }

  private static void waitForEver() {
    Fiber.sleepUntil(Deadline.NEVER);
  }

  @Test
  void anInterruptEndsNoCallOfTheLibraryAndStaysPending() throws Exception {
    Reactors.run(
        () -> {
          boolean[] seen = {false};
          Fiber fiber =
              Fiber.start(
                  () -> {
                    Fiber.sleep(Duration.ofMillis(1));
                    Fiber.yield();
                    seen[0] = Thread.interrupted();
                  });
          Fiber.yield();
          fiber.thread().interrupt();
          fiber.join();
          assertTrue(seen[0]);
        });
  }

  @Test
  void aBlockingSocketOfTheJdkParksOnlyItsFiber() throws Exception {
    Reactors.run(
        () -> {
          try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            List<String> log = new ArrayList<>();
            Fiber acceptor =
                Fiber.start(
                    () -> {
                      try (Socket socket = server.accept()) {
                        log.add("read " + socket.getInputStream().read());
                      }
                    });
            Fiber.yield();
            log.add("others run");
            try (Socket client =
                new Socket(InetAddress.getLoopbackAddress(), server.getLocalPort())) {
              client.getOutputStream().write(7);
              acceptor.join();
            }
            assertEquals(List.of("others run", "read 7"), log);
          }
        });
  }

  @Test
  void aVirtualThreadStartedInAFiberRunsOutsideTheReactor() throws Exception {
    Reactors.run(
        () -> {
          boolean[] refused = {false};
          Thread guest =
              Thread.startVirtualThread(
                  () -> {
                    assertThrows(WrongThreadException.class, Fiber::yield);
                    refused[0] = true;
                  });
          guest.join();
          assertTrue(refused[0]);
        });
  }
}

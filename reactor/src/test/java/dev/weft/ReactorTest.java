// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static dev.weft.Throwing.assertThrows;
import static dev.weft.Throwing.nothing;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.CancelledException;
import dev.weft.error.DeadlockException;
import dev.weft.io.Pipe;
import dev.weft.net.TcpListener;
import dev.weft.os.Signal;
import dev.weft.os.Signals;
import dev.weft.sync.Choose;
import dev.weft.sync.Latch;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class ReactorTest {
  @Test
  void runReturnsWhenAllFibersHaveEnded() throws Exception {
    List<String> log = new ArrayList<>();

    try (Reactor reactor = Reactors.open(Reactors.options())) {
      reactor.run(
          () ->
              Fiber.start(
                  () -> {
                    Fiber.yield();
                    Fiber.start(() -> log.add("grandchild"));
                  }));
      log.add("returned");
      reactor.run(() -> log.add("again"));
    }

    assertEquals(List.of("grandchild", "returned", "again"), log);
  }

  @Test
  void theBackendIsTheOneThatWasAskedFor() throws Exception {
    ReactorOptions selector = Reactors.options().withBackend(BackendKind.SELECTOR);
    try (Reactor reactor = Reactors.open(selector)) {
      assertEquals(BackendKind.SELECTOR, reactor.backend());
      String name = "reactor on " + Thread.currentThread().getName() + " (selector)";
      assertEquals(name, reactor.toString());
      assertEquals(name, reactor.dump().reactor());
    }
  }

  @Test
  @Tag("needs-io-uring")
  void aRingIsTheDefault() throws Exception {
    try (Reactor reactor = Reactors.open(Reactors.options())) {
      assertEquals(BackendKind.IO_URING, reactor.backend());
    }
  }

  @Test
  void callReturnsTheResult() throws Exception {
    try (Reactor reactor = Reactors.open(Reactors.options())) {
      assertEquals(
          42,
          reactor.call(
              () -> {
                Fiber.yield();
                return 42;
              }));
    }
  }

  @Test
  void runThrowsWhatTheTaskThrowsAfterTheOthersHaveBeenCancelled() throws Exception {
    List<String> log = new ArrayList<>();
    IOException boom = new IOException("boom");

    try (Reactor reactor = Reactors.open(Reactors.options())) {
      IOException thrown =
          assertThrows(
              IOException.class,
              () ->
                  reactor.run(
                      () -> {
                        Fiber.start(
                            () -> {
                              try {
                                Fiber.sleepUntil(Deadline.NEVER);
                              } finally {
                                log.add("cleaned up");
                              }
                            });
                        Fiber.yield();
                        throw boom;
                      }));
      assertSame(boom, thrown);
    }

    assertEquals(List.of("cleaned up"), log);
  }

  @Test
  void fibersThatWaitForEachOtherAreReported() throws Exception {
    List<Throwable> seen = new ArrayList<>();
    try (Reactor reactor = Reactors.open(Reactors.options())) {
      DeadlockException e =
          assertThrows(
              DeadlockException.class,
              () ->
                  reactor.run(
                      () -> {
                        Fiber[] fibers = new Fiber[2];
                        for (int i = 0; i < 2; i++) {
                          int other = 1 - i;
                          fibers[i] =
                              Fiber.start(
                                  "philosopher " + i,
                                  () -> {
                                    Fiber.yield();
                                    try {
                                      fibers[other].join();
                                    } catch (CancelledException cancelled) {
                                      seen.add(cancelled);
                                      throw cancelled;
                                    }
                                  });
                        }
                        fibers[0].join();
                      }));

      String text = e.getMessage();
      assertTrue(text.contains("philosopher 0: join philosopher 1"), text);
      assertTrue(text.contains("philosopher 1: join philosopher 0"), text);
      assertTrue(text.contains("main: join philosopher 0"), text);
      assertTrue(text.contains(ReactorTest.class.getName()), text);
      assertEquals(2, seen.size(), "their finally blocks have run");

      reactor.run(() -> {}); // the reactor is still usable
    }
  }

  @Test
  void aJoinWithADeadlineIsNoDeadlock() throws Exception {
    Reactors.run(
        () -> {
          Fiber main = Fiber.current();
          Fiber child =
              Fiber.start(
                  () -> {
                    Deadline soon = Deadline.after(java.time.Duration.ofMillis(1));
                    assertThrows(
                        dev.weft.error.DeadlineExceededException.class, () -> main.join(soon));
                  });
          child.join();
        });
  }

  @Test
  void executeWakesASleepingReactor() throws Exception {
    try (Reactor reactor = Reactors.open(Reactors.options())) {
      reactor.run(
          () -> {
            Fiber sleeper =
                Fiber.start(
                    () ->
                        assertThrows(
                            CancelledException.class, () -> Fiber.sleepUntil(Deadline.NEVER)));
            Thread other =
                Thread.ofPlatform()
                    .start(
                        () -> {
                          for (int i = 0; i < 1000; i++) {
                            reactor.execute(() -> {});
                          }
                          reactor.execute(sleeper::cancel);
                        });
            sleeper.join();
            other.join();
          });
    }
  }

  @Test
  void executedTasksRunInOrderAndMayStartFibers() throws Exception {
    List<Integer> log = new ArrayList<>();

    try (Reactor reactor = Reactors.open(Reactors.options())) {
      for (int i = 0; i < 5; i++) {
        int number = i;
        reactor.execute(() -> Fiber.start(() -> log.add(number)));
      }
      reactor.run(Fiber::yield);
    }

    assertEquals(List.of(0, 1, 2, 3, 4), log);
  }

  @Test
  void executeAfterCloseIsRefused() throws Exception {
    Reactor reactor = Reactors.open(Reactors.options());
    reactor.close();

    assertThrows(RejectedExecutionException.class, () -> reactor.execute(() -> {}));
    reactor.close();
    assertThrows(IllegalStateException.class, () -> reactor.run(() -> {}));
    assertThrows(IllegalStateException.class, () -> reactor.attach("cookie", cookie -> {}));
  }

  @Test
  void theAttachmentIsDestroyedOnce() throws Exception {
    List<String> destroyed = new ArrayList<>();

    try (Reactor reactor = Reactors.open(Reactors.options())) {
      assertNull(reactor.attachment());
      reactor.attach("first", destroyed::add);
      reactor.attach("second", destroyed::add);
      assertEquals(List.of("first"), destroyed);
      reactor.run(() -> assertEquals("second", Reactor.current().attachment()));
    }

    assertEquals(List.of("first", "second"), destroyed);
  }

  @Test
  void anObjectThatIsDetachedIsNotDestroyed() throws Exception {
    List<String> destroyed = new ArrayList<>();

    try (Reactor reactor = Reactors.open(Reactors.options())) {
      assertNull(reactor.detach());
      reactor.attach("kept", destroyed::add);
      reactor.run(() -> assertEquals("kept", Reactor.current().detach()));
      assertNull(reactor.attachment());
      reactor.attach("next", destroyed::add);
    }

    assertEquals(List.of("next"), destroyed);
  }

  @Test
  void aPlatformThreadHasOneReactorAndAVirtualThreadNone() throws Exception {
    try (Reactor reactor = Reactors.open(Reactors.options())) {
      assertThrows(IllegalStateException.class, Reactor::open);
      assertThrows(IllegalStateException.class, () -> reactor.run(() -> reactor.run(() -> {})));
    }
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread.ofVirtual()
        .start(() -> thrown.set(assertThrows(IllegalStateException.class, Reactor::open)))
        .join();
    assertNotNull(thrown.get());
  }

  @Test
  void operationsOutsideAFiberAreRefused() throws Exception {
    assertThrows(WrongThreadException.class, Fiber::current);
    assertThrows(WrongThreadException.class, Fiber::yield);
    assertThrows(WrongThreadException.class, Reactor::current);
    assertThrows(WrongThreadException.class, () -> Fiber.start(() -> {}));
    try (Reactor reactor = Reactors.open(Reactors.options())) {
      assertSame(reactor, Reactor.current());
      assertThrows(WrongThreadException.class, Fiber::yield);
    }
  }

  @Test
  void operationsOfAnotherThreadAreRefused() throws Exception {
    try (Reactor reactor = Reactors.open(Reactors.options())) {
      reactor.run(
          () -> {
            Pipe pipe = Pipe.open();
            Fiber self = Fiber.current();
            FutureTask<Throwable> task =
                new FutureTask<>(
                    () -> {
                      assertThrows(WrongThreadException.class, reactor::stats);
                      assertThrows(WrongThreadException.class, reactor::close);
                      assertThrows(WrongThreadException.class, self::cancel);
                      try (Arena arena = Arena.ofConfined()) {
                        MemorySegment target = arena.allocate(1);
                        return assertThrows(
                            WrongThreadException.class, () -> pipe.source().read(target));
                      }
                    });
            Thread.ofPlatform().start(task);
            assertNotNull(task.get());
            pipe.close();
          });
    }
  }

  @Test
  void anotherReactorsObjectsAreRefused() throws Exception {
    Reactors.run(
        () -> {
          try (Pipe pipe = Pipe.open()) {
            FutureTask<Throwable> task =
                new FutureTask<>(
                    () -> {
                      Throwable[] thrown = new Throwable[1];
                      Reactors.run(
                          () -> {
                            try (Arena arena = Arena.ofConfined()) {
                              MemorySegment target = arena.allocate(1);
                              thrown[0] =
                                  assertThrows(
                                      WrongThreadException.class, () -> pipe.source().read(target));
                            }
                          });
                      return thrown[0];
                    });
            Thread.ofPlatform().start(task);
            assertInstanceOf(WrongThreadException.class, task.get());
          }
        });
  }

  @Test
  void objectsOfAClosedReactorAreRefusedByTheNextReactorOfTheThread() throws Exception {
    InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    Pipe pipe;
    TcpListener listener;
    Latch latch;
    Signals signals;
    try (Reactor reactor = Reactors.open(Reactors.options())) {
      pipe = Pipe.open();
      listener = TcpListener.bind(anyPort);
      latch = Latch.of(1);
      signals = Signals.open(Signal.USR1);
      assertSame(reactor, Reactor.current());
    }

    Reactors.run(
        () -> {
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(1);
            assertThrows(WrongThreadException.class, () -> pipe.sink().write(bytes, Deadline.NOW));
          }
          assertThrows(WrongThreadException.class, () -> listener.accept(Deadline.NOW));
          assertThrows(WrongThreadException.class, () -> latch.await(Deadline.NOW));
          assertThrows(WrongThreadException.class, () -> signals.await(Deadline.NOW));
          Choose<String> choice = Choose.create();
          assertThrows(WrongThreadException.class, () -> choice.ready(latch, () -> "open"));
        });
    pipe.close();
    listener.close();
    signals.close();
  }

  @Test
  void aHeapSegmentIsRefused() throws Exception {
    Reactors.run(
        () -> {
          try (Pipe pipe = Pipe.open()) {
            MemorySegment heap = MemorySegment.ofArray(new byte[8]);
            assertThrows(IllegalArgumentException.class, () -> pipe.source().read(heap));
            assertThrows(IllegalArgumentException.class, () -> pipe.sink().write(heap));
          }
        });
  }

  @Test
  void aSegmentWhoseArenaIsClosedIsRefused() throws Exception {
    Reactors.run(
        () -> {
          MemorySegment dead;
          try (Arena arena = Arena.ofConfined()) {
            dead = arena.allocate(1);
          }

          try (Pipe pipe = Pipe.open();
              Arena arena = Arena.ofConfined()) {
            assertThrows(IllegalStateException.class, () -> pipe.sink().write(dead));
            assertThrows(IllegalStateException.class, () -> pipe.sink().writeSome(dead));
            pipe.sink().write(arena.allocate(1));
            assertThrows(IllegalStateException.class, () -> pipe.source().read(dead));
          }
        });
  }

  @Test
  void aReadOnlySegmentCanBeWrittenButNotReadInto() throws Exception {
    Reactors.run(
        () -> {
          try (Pipe pipe = Pipe.open();
              Arena arena = Arena.ofConfined()) {
            MemorySegment readOnly = arena.allocate(1).asReadOnly();
            pipe.sink().write(readOnly);
            assertThrows(IllegalArgumentException.class, () -> pipe.source().read(readOnly));
          }
        });
  }

  @Test
  void closeEndsTheRemainingFibers() throws Exception {
    List<String> log = new ArrayList<>();
    CountDownLatch never = new CountDownLatch(1);

    Reactor reactor = Reactors.open(Reactors.options());
    reactor.execute(
        () ->
            Fiber.start(
                () -> {
                  try {
                    Fiber.sleepUntil(Deadline.NEVER);
                  } finally {
                    log.add("sleeper");
                  }
                }));
    reactor.execute(
        () ->
            Fiber.start(
                () -> {
                  try {
                    never.await();
                  } catch (InterruptedException e) {
                    log.add("blocked in the JDK");
                  }
                }));
    assertThrows(
        IllegalStateException.class,
        () ->
            reactor.run(
                () -> {
                  Fiber.yield();
                  Fiber.yield();
                  throw new IllegalStateException("leave");
                }));
    reactor.close();

    assertFalse(log.isEmpty());
    assertTrue(log.contains("sleeper"), log.toString());
    assertTrue(log.contains("blocked in the JDK"), log.toString());
  }

  @Test
  @Tag("needs-io-uring")
  void aReactorIsPinnedToItsCpuUntilItIsClosed() throws Exception {
    java.util.BitSet before = dev.weft.internal.os.Libc.affinity();
    int cpu = before.nextSetBit(0);

    try (Reactor reactor = Reactors.open(ReactorOptions.defaults().withCpu(cpu))) {
      assertEquals(cpu, reactor.cpu());
      java.util.BitSet pinned = dev.weft.internal.os.Libc.affinity();
      assertEquals(1, pinned.cardinality());
      assertTrue(pinned.get(cpu));
    }

    assertEquals(before, dev.weft.internal.os.Libc.affinity());
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> Reactor.open(ReactorOptions.defaults().withCpu(8000)));
    assertTrue(e.getMessage().contains("8000"), e.getMessage());
    Reactors.run(() -> {}); // the failed one has left nothing behind
  }

  @Test
  void optionsAreChecked() {
    ReactorOptions options = ReactorOptions.defaults();
    assertThrows(IllegalArgumentException.class, () -> options.withQueueEntries(0));
    assertThrows(IllegalArgumentException.class, () -> options.withQueueEntries(1000));
    assertThrows(IllegalArgumentException.class, () -> options.withQueueEntries(65536));
    assertThrows(IllegalArgumentException.class, () -> options.withCpu(-3));
    assertThrows(NullPointerException.class, () -> options.withFiberKind(nothing()));
    assertThrows(NullPointerException.class, () -> options.withUncaughtExceptionHandler(nothing()));
    assertThrows(
        NullPointerException.class, () -> options.withStallHandler(Duration.ZERO, nothing()));
  }

  @Test
  void aNullTaskOrAttachmentIsRefused() throws Exception {
    try (Reactor reactor = Reactors.open(Reactors.options())) {
      assertThrows(NullPointerException.class, () -> reactor.execute(nothing()));
      assertThrows(NullPointerException.class, () -> reactor.attach("cookie", nothing()));
      assertThrows(NullPointerException.class, () -> reactor.attach(nothing(), cookie -> {}));
    }
  }
}

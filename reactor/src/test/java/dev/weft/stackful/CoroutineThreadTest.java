// SPDX-License-Identifier: Apache-2.0
package dev.weft.stackful;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Coroutine;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.FiberKind;
import dev.weft.FiberTask;
import dev.weft.Reactor;
import dev.weft.Reactors;
import dev.weft.error.CancelledException;
import dev.weft.error.PinnedException;
import dev.weft.sync.Channel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Coroutines in threads and fibers of all kinds. */
@Tag("needs-stack")
class CoroutineThreadTest {
  /** The kind of thread that resumes the coroutine. */
  enum Place {
    PLATFORM_THREAD,
    VIRTUAL_THREAD,
    FIBER;

    void run(FiberTask task) throws Exception {
      switch (this) {
        case PLATFORM_THREAD -> task.run();
        case VIRTUAL_THREAD -> inVirtualThread(task);
        case FIBER -> Reactors.run(task);
      }
    }

    private static void inVirtualThread(FiberTask task) throws Exception {
      Callable<Boolean> call =
          () -> {
            task.run();
            return true;
          };
      FutureTask<Boolean> future = new FutureTask<>(call);
      Thread.startVirtualThread(future);
      future.get();
    }
  }

  /** Yields 0, 1, 2 and so on until it is resumed with false; returns how many. */
  private static Coroutine<Integer, Boolean, String> counter() {
    return Coroutine.of(
        "counter",
        out -> {
          int i = 0;
          while (out.yield(i)) {
            i++;
          }
          return "counted " + i;
        });
  }

  private static void assertMessage(String expected, Throwable thrown) {
    assertEquals(expected, thrown.getMessage());
  }

  @ParameterizedTest
  @EnumSource
  void coroutinesRunInEveryKindOfThread(Place place) throws Exception {
    place.run(
        () -> {
          Coroutine<Integer, Boolean, String> coroutine = counter();
          assertEquals(0, coroutine.start());
          for (int i = 1; i < 1_000; i++) {
            assertEquals(i, coroutine.resume(true));
          }
          assertEquals("counted 999", coroutine.finish(false));
        });
  }

  @ParameterizedTest
  @EnumSource
  void aYieldOutsideOfTheBodyAlwaysThrows(Place place) throws Exception {
    place.run(
        () -> {
          List<Coroutine.Out<Integer, Void>> leaked = new ArrayList<>();
          Coroutine<Integer, Void, Void> coroutine =
              Coroutine.of(
                  "leaky",
                  out -> {
                    leaked.add(out);
                    out.yield(1);
                    return null;
                  });
          coroutine.start();

          assertMessage(
              "yield: called outside of leaky, which is SUSPENDED, in null",
              assertThrows(IllegalStateException.class, () -> leaked.getFirst().yield(2)));
          coroutine.resume(null);
          assertThrows(IllegalStateException.class, () -> leaked.getFirst().yield(2));
        });
  }

  @Test
  void anotherThreadCantResumeACoroutine() throws Exception {
    Coroutine<Integer, Boolean, String> coroutine = counter();
    coroutine.start();
    Throwable[] thrown = {null};

    Thread other =
        Thread.ofPlatform()
            .start(
                () ->
                    thrown[0] =
                        assertThrows(WrongThreadException.class, () -> coroutine.resume(true)));
    other.join();

    String message = thrown[0].getMessage();
    assertTrue(message.startsWith("resume: counter is SUSPENDED and belongs to "), message);
    assertEquals(1, coroutine.resume(true));
  }

  @Test
  void anotherFiberCantResumeACoroutineThatWaitsInItsBody() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          Coroutine<Integer, Void, Void> coroutine =
              Coroutine.of(
                  "reader",
                  out -> {
                    out.yield(channel.receive());
                    return null;
                  });
          Fiber owner = Fiber.start(() -> assertEquals(7, coroutine.start()));
          Fiber.yield();

          String message =
              assertThrows(WrongThreadException.class, () -> coroutine.resume(null)).getMessage();
          assertTrue(message.startsWith("resume: reader is ACTIVE and belongs to "), message);
          channel.send(7);
          owner.join();
        });
  }

  // ---- in fibers

  @Test
  void aWaitInTheBodySuspendsTheFiber() throws Exception {
    List<String> log = new ArrayList<>();
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          Fiber fiber =
              Fiber.start(
                  () -> {
                    Coroutine<Integer, Void, Void> sums =
                        Coroutine.of(
                            out -> {
                              for (int sum = 0; ; out.yield(sum)) {
                                sum += channel.receive();
                              }
                            });
                    log.add("first " + sums.start());
                    log.add("second " + sums.resume(null));
                    sums.close();
                  });
          Fiber.yield();
          log.add("others run");
          channel.send(3);
          channel.send(4);
          fiber.join();
        });
    assertEquals(List.of("others run", "first 3", "second 7"), log);
  }

  @Test
  void aCancelOfTheFiberEndsAWaitInTheBody() throws Exception {
    List<String> log = new ArrayList<>();
    Reactors.run(
        () -> {
          Fiber fiber =
              Fiber.start(
                  () -> {
                    Coroutine<Void, Void, Void> waiting =
                        Coroutine.of(
                            out -> {
                              try {
                                Fiber.sleepUntil(Deadline.NEVER);
                              } finally {
                                log.add("body unwinds");
                              }
                              return null;
                            });
                    assertThrows(CancelledException.class, waiting::start);
                    log.add("resumer sees " + waiting.state());
                  });
          Fiber.yield();
          fiber.cancel();
          fiber.join();
        });
    assertEquals(List.of("body unwinds", "resumer sees DONE"), log);
  }

  @Test
  void theStackOfAFiberThatWaitsInABodyShowsBoth() throws Exception {
    Reactors.run(
        () -> {
          Fiber fiber = Fiber.start(() -> Coroutine.of(out -> waitInBody()).start());
          Fiber.yield();
          if (Reactor.current().fiberKind() == FiberKind.BATON) {
            awaitParked(fiber.thread()); // it passes the baton before it unmounts from its carrier
          }

          List<String> methods =
              Arrays.stream(fiber.stackTrace()).map(StackTraceElement::getMethodName).toList();
          assertTrue(methods.indexOf("waitInBody") >= 0, methods::toString);
          assertTrue(
              methods.indexOf("waitInBody") < methods.lastIndexOf("start"), methods::toString);
          fiber.cancel();
        });
  }

  private static void awaitParked(Thread thread) {
    while (thread.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
  }

  private static int waitInBody() {
    Fiber.sleepUntil(Deadline.NEVER);
    return 1;
  }

  // ---- pinned frames, monitors and scoped values

  private static Coroutine.Out<Integer, Void> outOfInitialiser;

  private static final class YieldsInInitialiser {
    static final Throwable THROWN;

    static {
      Throwable thrown = null;
      try {
        outOfInitialiser.yield(1);
      } catch (PinnedException e) {
        thrown = e;
      }
      THROWN = thrown;
    }
  }

  @Test
  void aYieldInAClassInitialiserThrowsAndTheBodyContinues() {
    Coroutine<Integer, Void, Throwable> coroutine =
        Coroutine.of(
            "pinned",
            out -> {
              outOfInitialiser = out;
              Throwable thrown = YieldsInInitialiser.THROWN;
              out.yield(2);
              return thrown;
            });

    assertEquals(2, coroutine.start());
    Throwable thrown = coroutine.finish(null);

    assertNotNull(thrown);
    assertMessage(
        "yield: pinned can't be suspended below a class initialiser or a native frame", thrown);
  }

  @Test
  void aMonitorHeldWhileTheFiberWaitsInABodyKeepsOtherFibersOut() throws Exception {
    Object monitor = new Object();
    Object outer = new Object();
    int[] inside = {0};
    int[] entered = {0};
    Reactors.run(
        () -> {
          Fiber holder =
              Fiber.start(
                  () -> {
                    Coroutine<Void, Void, Void> holding =
                        Coroutine.of(
                            out -> {
                              synchronized (monitor) {
                                inside[0]++;
                                Fiber.yield();
                                Fiber.yield();
                                inside[0]--;
                              }
                              return null;
                            });
                    synchronized (outer) {
                      holding.start();
                      assertTrue(Thread.holdsLock(outer));
                    }
                  });
          Fiber.yield();
          for (int i = 0; i < 3; i++) {
            Fiber.start(
                () -> {
                  synchronized (monitor) {
                    assertEquals(0, inside[0]);
                    entered[0]++;
                  }
                });
          }
          holder.join();
        });
    assertEquals(3, entered[0]);
    assertFalse(Thread.holdsLock(monitor));
  }

  private static final ScopedValue<String> SCOPED = ScopedValue.newInstance();

  private static void yieldScoped(Coroutine.Out<String, Void> out) {
    out.yield(SCOPED.orElse("none"));
  }

  @ParameterizedTest
  @EnumSource
  void scopedValuesAreNotSharedBetweenBodyAndResumer(Place place) throws Exception {
    place.run(
        () -> {
          Coroutine<String, Void, Void> coroutine =
              Coroutine.of(
                  out -> {
                    yieldScoped(out);
                    ScopedValue.where(SCOPED, "inner").run(() -> yieldScoped(out));
                    ScopedValue.where(SCOPED, "again").run(() -> yieldScoped(out));
                    yieldScoped(out);
                    return null;
                  });

          ScopedValue.where(SCOPED, "start").run(() -> assertEquals("start", coroutine.start()));
          assertEquals("inner", coroutine.resume(null));
          assertFalse(SCOPED.isBound());
          ScopedValue.where(SCOPED, "root")
              .run(
                  () -> {
                    assertEquals("again", coroutine.resume(null));
                    assertEquals("root", SCOPED.get());
                  });
          assertEquals("start", coroutine.resume(null));
          assertFalse(SCOPED.isBound());
        });
  }

  @ParameterizedTest
  @EnumSource
  void monitorsBelongToTheThreadInBodyAndResumer(Place place) throws Exception {
    place.run(
        () -> {
          Object mine = new Object();
          Object bodys = new Object();
          Coroutine<Boolean, Void, Void> coroutine =
              Coroutine.of(
                  out -> {
                    synchronized (bodys) {
                      out.yield(Thread.holdsLock(mine));
                      out.yield(Thread.holdsLock(mine) || !Thread.holdsLock(bodys));
                    }
                    return null;
                  });

          synchronized (mine) {
            assertTrue(coroutine.start());
            assertTrue(Thread.holdsLock(mine));
          }
          assertFalse(Thread.holdsLock(mine));
          assertTrue(Thread.holdsLock(bodys));
          assertFalse(coroutine.resume(null));
          coroutine.resume(null);
          assertFalse(Thread.holdsLock(bodys));
        });
  }
}

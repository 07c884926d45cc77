// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.CancelledException;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.LoopListener;
import dev.weft.sync.Latch;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** A reactor on a thread of its own: any thread submits calls to it and closes it. */
class ReactorThreadTest {
  private static final String NAME = "reactor under test";

  private static ReactorThread start() throws Exception {
    Reactors.open(Reactors.options()).close(); // skips the test where there can be no reactor
    return Reactor.start(NAME, Reactors.options());
  }

  private static boolean isThreadAlive() {
    return Thread.getAllStackTraces().keySet().stream().anyMatch(t -> t.getName().equals(NAME));
  }

  private static void sleepWithout(CountDownLatch end) {
    try {
      Fiber.sleepUntil(Deadline.NEVER);
    } finally {
      end.countDown();
    }
  }

  private static void submit(ReactorThread reactor) {
    var _ = reactor.submit(() -> 1);
  }

  // ---- the thread

  /** A frame takes at least 16 bytes, and no more than some hundred where it is interpreted. */
  private static int callDeep(int calls) {
    return calls == 0 ? 0 : 1 + callDeep(calls - 1);
  }

  private static boolean overflows(long stackBytes, int calls) throws Exception {
    CompletableFuture<Boolean> overflown = new CompletableFuture<>();
    ReactorOptions options = Reactors.options().withStackBytes(stackBytes);
    try (ReactorThread reactor = Reactor.start(NAME, options)) {
      reactor.execute(
          () -> {
            try {
              overflown.complete(callDeep(calls) != calls);
            } catch (StackOverflowError e) {
              overflown.complete(true);
            }
          });
      return overflown.get();
    }
  }

  @Test
  void itsStackIsAsLargeAsTheOptionsSay() throws Exception {
    start().close();
    assertTrue(overflows(1 << 20, 100_000));
    assertFalse(overflows(64 << 20, 100_000));
  }

  @Test
  void aStackSizeIsNotNegative() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> ReactorOptions.defaults().withStackBytes(-1));

    assertEquals("stackBytes must not be negative: -1", e.getMessage());
  }

  // ---- calls

  @Test
  void aCallRunsAsAFiberOfTheThread() throws Exception {
    try (ReactorThread reactor = start()) {
      String thread =
          reactor
              .submit(
                  () -> {
                    Fiber.yield();
                    return EventLoop.require("test").thread().getName();
                  })
              .get();

      assertEquals(NAME, thread);
    }
  }

  @Test
  void aTaskHasNoResult() throws Exception {
    AtomicReference<String> ran = new AtomicReference<>();
    try (ReactorThread reactor = start()) {
      CompletableFuture<?> end =
          reactor.submit(
              () -> {
                Fiber.yield();
                ran.set("yes");
              });

      assertEquals(null, end.get());
      assertEquals("yes", ran.get());
    }
  }

  @Test
  void aFailureComesOutOfTheFutureAsItsCause() throws Exception {
    IOException failure = new IOException("broken");
    List<Throwable> uncaught = Collections.synchronizedList(new ArrayList<>());
    ReactorOptions options =
        Reactors.options().withUncaughtExceptionHandler((fiber, e) -> uncaught.add(e));
    start().close();
    try (ReactorThread reactor = Reactor.start(NAME, options)) {
      CompletableFuture<String> answer =
          reactor.submit(
              () -> {
                Fiber.yield();
                throw failure;
              });

      assertSame(failure, assertThrows(ExecutionException.class, answer::get).getCause());
    }
    assertEquals(List.of(), uncaught, "it has been received");
  }

  @Test
  void aCallThatFailsDoesNotEndTheReactor() throws Exception {
    try (ReactorThread reactor = start()) {
      CompletableFuture<String> failing =
          reactor.submit(
              () -> {
                throw new AssertionError("on purpose");
              });
      assertThrows(ExecutionException.class, failing::get);

      assertEquals(7, reactor.submit(() -> 7).get());
    }
  }

  @Test
  void cancellingTheFutureCancelsTheFiber() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    try (ReactorThread reactor = start()) {
      CompletableFuture<?> sleeping =
          reactor.submit(
              () -> {
                begun.countDown();
                sleepWithout(end);
              });
      begun.await();

      assertTrue(sleeping.cancel(false));

      end.await();
      assertThrows(CancellationException.class, sleeping::get);
    }
  }

  @Test
  void aCallThatIsCancelledBeforeItStartsDoesNotRun() throws Exception {
    List<String> ran = new ArrayList<>();
    try (ReactorThread reactor = start()) {
      CountDownLatch go = new CountDownLatch(1);
      reactor.execute(() -> await(go));
      CompletableFuture<?> late = reactor.submit(() -> ran.add("late"));
      late.cancel(false);
      CompletableFuture<?> after = reactor.submit(() -> ran.add("after"));
      go.countDown();
      after.get();

      assertEquals(List.of("after"), ran);
      assertEquals(0, reactor.running());
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aTimeoutOfTheFutureCancelsTheFiberToo() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    try (ReactorThread reactor = start()) {
      CompletableFuture<?> sleeping =
          reactor.submit(() -> sleepWithout(end)).orTimeout(1, TimeUnit.MILLISECONDS);

      Throwable cause = assertThrows(ExecutionException.class, sleeping::get).getCause();

      assertEquals(TimeoutException.class, cause.getClass());
      reactor.submit(() -> {}).get(); // behind the first, which may not have started
    }
  }

  @Test
  void theFailureOfACancelledCallIsNotLost() throws Exception {
    List<Throwable> uncaught = Collections.synchronizedList(new ArrayList<>());
    ReactorOptions options =
        Reactors.options().withUncaughtExceptionHandler((fiber, e) -> uncaught.add(e));
    IllegalStateException failure = new IllegalStateException("in the cleanup");
    start().close();
    try (ReactorThread reactor = Reactor.start(NAME, options)) {
      CountDownLatch begun = new CountDownLatch(1);
      CompletableFuture<?> failing =
          reactor.submit(
              () -> {
                begun.countDown();
                try {
                  Fiber.sleepUntil(Deadline.NEVER);
                } catch (CancelledException e) {
                  throw failure;
                }
              });
      begun.await();
      failing.cancel(false);
    }
    assertEquals(List.of(failure), uncaught);
  }

  @Test
  void runningCallsAreCounted() throws Exception {
    try (ReactorThread reactor = start()) {
      CountDownLatch end = new CountDownLatch(1);
      CompletableFuture<?> first = reactor.submit(() -> sleepWithout(end));
      reactor.submit(() -> {}).get();

      assertEquals(1, reactor.running());

      first.cancel(false);
      end.await();
      reactor.submit(() -> {}).get();
      assertEquals(0, reactor.running());
    }
  }

  @Test
  void anActionRunsOnTheThreadOutsideAnyFiber() throws Exception {
    CompletableFuture<String> name = new CompletableFuture<>();
    try (ReactorThread reactor = start()) {
      reactor.execute(() -> name.complete(Thread.currentThread().getName()));

      assertEquals(NAME, name.get());
    }
  }

  // ---- the end

  @Test
  void closeCancelsTheFibersAndEndsTheThread() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    CompletableFuture<?> sleeping;
    try (ReactorThread reactor = start()) {
      sleeping =
          reactor.submit(
              () -> {
                Fiber.start(() -> sleepWithout(end)); // not the submitted one
                begun.countDown();
                Fiber.sleepUntil(Deadline.NEVER);
              });
      begun.await();
    }
    assertEquals(0, end.getCount());
    assertTrue(sleeping.isCancelled());
    assertFalse(isThreadAlive());
  }

  @Test
  void shutdownLetsFibersFinishUntilTheGraceEnds() throws Exception {
    ReactorThread reactor = start();
    CountDownLatch begun = new CountDownLatch(1);
    CompletableFuture<String> finishing =
        reactor.submit(
            () -> {
              begun.countDown();
              for (int i = 0; i < 100; i++) {
                Fiber.yield();
              }
              return "finished";
            });
    begun.await();

    reactor.shutdown(Deadline.NEVER);

    assertEquals("finished", finishing.getNow("not finished"));
    assertFalse(isThreadAlive());
  }

  @Test
  void shutdownCancelsFibersWhenTheGraceHasEnded() throws Exception {
    ReactorThread reactor = start();
    CountDownLatch end = new CountDownLatch(1);
    CompletableFuture<?> sleeping = reactor.submit(() -> sleepWithout(end));
    reactor.submit(() -> {}).get();

    reactor.shutdown(Deadline.after(Duration.ofMillis(1)));

    assertEquals(0, end.getCount());
    assertTrue(sleeping.isCancelled());
  }

  @Test
  void aCloseEndsTheGraceOfAShutdown() throws Exception {
    ReactorThread reactor = start();
    CountDownLatch end = new CountDownLatch(1);
    var _ = reactor.submit(() -> sleepWithout(end));
    Thread patient = Thread.ofPlatform().start(() -> reactor.shutdown(Deadline.NEVER));

    reactor.close();

    assertEquals(0, end.getCount());
    patient.join();
  }

  @Test
  void anInterruptedShutdownCancelsTheFibersAndStaysInterrupted() throws Exception {
    ReactorThread reactor = start();
    CountDownLatch end = new CountDownLatch(1);
    var _ = reactor.submit(() -> sleepWithout(end));
    reactor.submit(() -> {}).get();

    Thread.currentThread().interrupt();
    assertThrows(CancelledException.class, () -> reactor.shutdown(Deadline.NEVER));

    assertTrue(Thread.interrupted());
    assertEquals(0, end.getCount());
    assertFalse(isThreadAlive());
  }

  @Test
  void anInterruptDoesNotEndACloseAndIsKept() throws Exception {
    ReactorThread reactor = start();

    Thread.currentThread().interrupt();
    reactor.close();

    assertTrue(Thread.interrupted());
    assertFalse(isThreadAlive());
  }

  @Test
  void closingTwiceDoesNothing() throws Exception {
    ReactorThread reactor = start();
    reactor.close();
    reactor.close();
    reactor.shutdown(Deadline.NEVER);

    assertFalse(reactor.isOpen());
  }

  @Test
  void aClosedReactorRefusesCallsByName() throws Exception {
    ReactorThread reactor = start();
    reactor.close();

    for (Throwing.Body late :
        List.<Throwing.Body>of(() -> submit(reactor), () -> reactor.execute(() -> {}))) {
      RejectedExecutionException e = assertThrows(RejectedExecutionException.class, late);
      assertEquals("the reactor of thread " + NAME + " is closed", e.getMessage());
    }
  }

  @Test
  void itsOwnFibersCantCloseIt() throws Exception {
    try (ReactorThread reactor = start()) {
      CompletableFuture<?> closing = reactor.submit(reactor::close);

      Throwable cause = assertThrows(ExecutionException.class, closing::get).getCause();

      assertEquals(
          "the fibers of the reactor of thread "
              + NAME
              + " can't close it: they would wait for themselves",
          cause.getMessage());
      assertTrue(reactor.isOpen());
    }
  }

  @Test
  void aFiberOfAnotherReactorStartsAndClosesOneWhileOthersRun() throws Exception {
    Reactors.run(
        () -> {
          Latch latch = Latch.of(1);
          CountDownLatch cleaned = new CountDownLatch(1);
          ReactorThread reactor = Reactor.start(NAME, Reactors.options());
          var _ =
              reactor.submit(
                  () -> {
                    try {
                      Fiber.sleepUntil(Deadline.NEVER);
                    } finally {
                      Blocking.call( // ends only if the fibers of the closing reactor run meanwhile
                          () -> {
                            cleaned.await();
                            return null;
                          });
                    }
                  });
          try (Bundle bundle = Bundle.open()) {
            bundle.go(
                () -> {
                  latch.await();
                  cleaned.countDown();
                });
            bundle.go(
                () -> {
                  latch.countDown();
                  reactor.close();
                });
            bundle.await();
          }
          assertFalse(isThreadAlive());
        });
  }

  // ---- failures

  @Test
  void aReactorThatCantBeOpenedThrowsTheReasonAndLeavesNoThread() {
    ReactorOptions options =
        Reactors.options().withBackend(BackendKind.IO_URING).withCpu(1_000_000);

    assertThrows(Exception.class, () -> Reactor.start(NAME, options));

    assertFalse(isThreadAlive());
  }

  @Test
  void theFailureOfTheReactorIsThrownByCloseOnceAndGivenToWhatRuns() throws Exception {
    ReactorThread reactor = start();
    IllegalStateException failure = new IllegalStateException("the loop is broken");
    List<Throwable> reported = Collections.synchronizedList(new ArrayList<>());
    CompletableFuture<?> left = reactor.submit(() -> Fiber.sleepUntil(Deadline.NEVER));
    reactor.submit(() -> {}).get();

    var _ = reactor.submit(() -> breakLoop(failure, reported));
    IllegalStateException thrown =
        assertThrows(IllegalStateException.class, () -> reactor.shutdown(Deadline.NEVER));

    assertSame(failure, thrown.getCause());
    assertEquals(List.of(failure), reported);
    assertThrows(CancellationException.class, left::get);
    assertSame(
        failure, assertThrows(RejectedExecutionException.class, () -> submit(reactor)).getCause());
    reactor.close();
    assertFalse(isThreadAlive());
  }

  /** Ends the reactor of the calling fiber as a defect would; {@code reported} gets it. */
  static void breakLoop(RuntimeException failure, List<Throwable> reported) {
    EventLoop broken = EventLoop.require("test");
    broken.thread().setUncaughtExceptionHandler((thread, e) -> reported.add(e));
    broken.observe(
        new LoopListener() {
          @Override
          public void turned(EventLoop loop) {
            loop.observe(null);
            throw failure;
          }
        });
    broken.execute(() -> broken.execute(() -> {})); // so that the turn ends without a wait
  }
}

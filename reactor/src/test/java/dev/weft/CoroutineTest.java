// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Coroutine.State;
import dev.weft.error.CancelledException;
import dev.weft.error.PinnedException;
import dev.weft.error.TaskFailedException;
import dev.weft.sync.Channel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CoroutineTest {
  /** Where the code that resumes runs. */
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
  void itWorksInEveryKindOfThread(Place place) throws Exception {
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

  // ---- calls that do not fit

  @Test
  void aCallThatDoesNotFitNamesTheCoroutineItsStateAndTheCall() {
    Coroutine<Integer, Boolean, String> coroutine = counter();

    assertMessage(
        "resume: counter is START, and must be SUSPENDED",
        assertThrows(IllegalStateException.class, () -> coroutine.resume(true)));
    assertMessage(
        "finish: counter is START, and must be SUSPENDED",
        assertThrows(IllegalStateException.class, () -> coroutine.finish(true)));
    assertMessage(
        "result: counter is START, and must be DONE",
        assertThrows(IllegalStateException.class, coroutine::result));
    coroutine.start();
    assertMessage(
        "start: counter is SUSPENDED, and must be START",
        assertThrows(IllegalStateException.class, coroutine::start));
    coroutine.finish(false);
    assertMessage(
        "resume: counter is DONE, and must be SUSPENDED",
        assertThrows(IllegalStateException.class, () -> coroutine.resume(true)));
  }

  @Test
  void aFinishThatMeetsAnotherYieldThrowsAndTheCoroutineCanGoOn() {
    Coroutine<Integer, Boolean, String> coroutine = counter();
    coroutine.start();

    assertMessage(
        "finish: counter is SUSPENDED: it has not returned but yielded 1",
        assertThrows(IllegalStateException.class, () -> coroutine.finish(true)));

    assertEquals(2, coroutine.resume(true));
  }

  @Test
  void aResumeThatMeetsTheEndReturnsNull() {
    Coroutine<Integer, Boolean, String> coroutine = counter();
    coroutine.start();

    assertNull(coroutine.resume(false));

    assertEquals(State.DONE, coroutine.state());
    assertEquals("counted 0", coroutine.result());
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
  void anOuterCoroutineCanNeitherBeYieldedNorResumedFromAnInnerOne() {
    List<String> messages = new ArrayList<>();
    Coroutine<Void, Void, Void> outer =
        Coroutine.of(
            "outer",
            out -> {
              Coroutine<Void, Void, Void> inner =
                  Coroutine.of(
                      "inner",
                      in -> {
                        for (FiberTask task :
                            List.<FiberTask>of(
                                () -> out.yield(null),
                                () -> out.coroutine().resume(null),
                                () -> out.coroutine().close())) {
                          messages.add(
                              assertThrows(IllegalStateException.class, task::run).getMessage());
                        }
                        return null;
                      });
              inner.start();
              return null;
            });

    outer.start();

    assertEquals(State.DONE, outer.state());
    assertEquals(
        List.of(
            "yield: called outside of outer, which is ACTIVE, in inner",
            "resume: outer is ACTIVE, and must be SUSPENDED",
            "close: outer is ACTIVE, and must be SUSPENDED"),
        messages);
  }

  @Test
  void anotherThreadMayNotResumeIt() throws Exception {
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
  void anotherFiberMayNotResumeItWhileItWaits() throws Exception {
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

  // ---- exceptions

  @Test
  void aCheckedExceptionReachesTheResumerUnwrapped() {
    IOException failure = new IOException("broken");
    Coroutine<Integer, Void, Void> coroutine =
        Coroutine.of(
            out -> {
              out.yield(1);
              throw failure;
            });
    coroutine.start();

    assertSame(failure, assertThrows(IOException.class, () -> coroutine.resume(null)));

    assertEquals(State.DONE, coroutine.state());
    assertSame(failure, assertThrows(TaskFailedException.class, coroutine::result).getCause());
    assertThrows(IllegalStateException.class, () -> coroutine.resume(null));
  }

  @Test
  void anExceptionPassesThroughNestedCoroutines() {
    Coroutine<Void, Void, String> outer =
        Coroutine.of(
            out -> {
              Coroutine<Void, Void, Void> inner =
                  Coroutine.of(
                      in -> {
                        in.yield(null);
                        throw new ArithmeticException("inner");
                      });
              inner.start();
              try {
                inner.resume(null);
              } catch (ArithmeticException e) {
                out.yield(null);
                return e.getMessage();
              }
              return "nothing";
            });
    outer.start();

    assertEquals("inner", outer.finish(null));
  }

  @Test
  void aBodyThatRunsOutOfStackFailsAsAnyCodeDoes() {
    Coroutine<Void, Void, Integer> coroutine = Coroutine.of(out -> deeper(0));

    assertThrows(StackOverflowError.class, coroutine::start);

    assertEquals(State.DONE, coroutine.state());
  }

  @SuppressWarnings("InfiniteRecursion") // what is tested
  private static int deeper(int depth) {
    return deeper(depth + 1) + 1;
  }

  @Test
  void whatABlockThrowsReachesTheResumer() {
    Coroutine<Integer, Void, String> coroutine =
        Coroutine.of(
            out -> {
              out.yieldThen(
                  1,
                  () -> {
                    throw new IOException("block");
                  });
              return "went on";
            });

    assertMessage("block", assertThrows(IOException.class, coroutine::start));

    assertEquals("went on", coroutine.finish(null));
  }

  // ---- ends

  @Test
  void aCloseRunsTheFinallyBlocks() {
    List<String> log = new ArrayList<>();
    Coroutine<Integer, Void, Void> coroutine =
        Coroutine.of(
            "closed",
            out -> {
              try {
                out.yield(1);
                log.add("went on");
              } catch (CancelledException e) {
                log.add(e.getMessage());
                throw e;
              } finally {
                log.add("finally");
              }
              return null;
            });
    coroutine.start();

    coroutine.close();
    coroutine.close();

    assertEquals(List.of("yield: closed was closed", "finally"), log);
    assertEquals(State.DONE, coroutine.state());
    assertMessage(
        "result: closed was closed before it had one",
        assertThrows(IllegalStateException.class, coroutine::result));
  }

  @Test
  void aCloseBeforeTheStartRunsNothing() {
    Coroutine<Integer, Boolean, String> coroutine = counter();

    coroutine.close();

    assertEquals(State.DONE, coroutine.state());
    assertThrows(IllegalStateException.class, coroutine::start);
    assertThrows(IllegalStateException.class, coroutine::result);
  }

  @Test
  void aCloseAfterTheEndKeepsTheResult() {
    Coroutine<Integer, Boolean, String> coroutine = counter();
    coroutine.start();
    coroutine.finish(false);

    coroutine.close();

    assertEquals("counted 0", coroutine.result());
  }

  @Test
  void aBodyThatRefusesToEndIsDropped() {
    int[] refusals = {0};
    Coroutine<Integer, Void, Void> coroutine =
        Coroutine.of(
            "stubborn",
            out -> {
              while (true) {
                try {
                  out.yield(1);
                } catch (CancelledException e) {
                  refusals[0]++;
                }
              }
            });
    coroutine.start();

    assertMessage(
        "close: stubborn has yielded 100 times instead of ending; it is dropped where it is",
        assertThrows(IllegalStateException.class, coroutine::close));

    assertEquals(100, refusals[0]);
    assertEquals(State.DONE, coroutine.state());
  }

  @Test
  void whatACleanupThrowsComesOutOfTheClose() {
    Coroutine<Integer, Void, Void> coroutine =
        Coroutine.of(
            out -> {
              try {
                out.yield(1);
              } catch (CancelledException e) {
                throw new IOException("cleanup", e);
              }
              return null;
            });
    coroutine.start();

    assertMessage("cleanup", assertThrows(IOException.class, coroutine::close));
  }

  // ---- storage and nesting

  @Test
  void eachCoroutineHasItsOwnStorage() {
    Coroutine<String, Void, Void> first = storing().withStorage("first");
    Coroutine<String, Void, Void> second = storing().withStorage("second");

    assertEquals("first", first.start());
    assertEquals("second", second.start());
    assertEquals("first", first.resume(null));
    assertThrows(ClassCastException.class, () -> first.storage(Integer.class));
    assertThrows(IllegalStateException.class, () -> storing().storage(String.class));
    assertThrows(IllegalStateException.class, () -> first.withStorage("late"));
  }

  private static Coroutine<String, Void, Void> storing() {
    return Coroutine.of(
        out -> {
          while (true) {
            out.yield(out.coroutine().storage(String.class));
          }
        });
  }

  @Test
  void aYieldGoesToTheLastResumerAndSoDoesTheEnd() {
    List<String> log = new ArrayList<>();
    Coroutine<Void, Void, Void> child =
        Coroutine.of(
            "child",
            out -> {
              out.yield(null);
              return null;
            });
    Coroutine<Void, Void, Void> parent =
        Coroutine.of(
            out -> {
              child.start();
              log.add("child yielded to parent");
              out.yield(null);
              log.add("parent ends");
              return null;
            });

    parent.start();
    child.resume(null); // zigcoro would run the parent, who has resumed it first, now
    log.add("child returned to root");
    parent.resume(null);

    assertEquals(List.of("child yielded to parent", "child returned to root", "parent ends"), log);
  }

  @Test
  void aHundredLevelsAreResumedThroughEachOther() {
    assertEquals(100, nest(100).start());
  }

  private static Coroutine<Integer, Void, Void> nest(int levels) {
    return Coroutine.of(
        out -> {
          out.yield(levels == 0 ? 0 : nest(levels - 1).start() + 1);
          return null;
        });
  }

  // ---- in fibers

  @Test
  void theWholeFiberWaitsWhenTheBodyDoes() throws Exception {
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
  void aCancelOfTheFiberReachesTheBodysWait() throws Exception {
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

          List<String> methods =
              Arrays.stream(fiber.stackTrace()).map(StackTraceElement::getMethodName).toList();
          assertTrue(methods.indexOf("waitInBody") >= 0, methods::toString);
          assertTrue(
              methods.indexOf("waitInBody") < methods.lastIndexOf("start"), methods::toString);
          fiber.cancel();
        });
  }

  private static int waitInBody() {
    Fiber.sleepUntil(Deadline.NEVER);
    return 1;
  }

  // ---- what can't leave the thread

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
  void aYieldInAClassInitialiserIsRefusedAndTheBodyGoesOn() {
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

  private static final ScopedValue<String> SCOPED = ScopedValue.newInstance();

  private static void yieldScoped(Coroutine.Out<String, Void> out) {
    out.yield(SCOPED.orElse("none"));
  }

  @ParameterizedTest
  @EnumSource
  void scopedValuesStayOnTheirSide(Place place) throws Exception {
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
  void monitorsBelongToTheThreadOnBothSides(Place place) throws Exception {
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

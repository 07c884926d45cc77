// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Coroutine.Out;
import dev.weft.Coroutine.State;
import dev.weft.error.CancelledException;
import dev.weft.error.PinnedException;
import dev.weft.error.ScopeExpiredException;
import dev.weft.sync.Channel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Coroutines whose body waits, in fibers. */
class CoroutineFiberTest {
  private final List<String> log = new ArrayList<>();

  /** Yields what it receives, each added to the sum so far. */
  private static Coroutine<Integer, Void, Void> sums(Channel<Integer> channel) {
    return Coroutine.of(
        "sums",
        out -> {
          for (int sum = 0; ; out.yield(sum)) {
            sum += channel.receive();
          }
        });
  }

  // ---- the resumer waits with the body

  @Test
  void theResumerWaitsAsLongAsTheBodyDoes() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          Fiber fiber =
              Fiber.start(
                  () -> {
                    try (Coroutine<Integer, Void, Void> sums = sums(channel)) {
                      log.add("first " + sums.start());
                      log.add("second " + sums.resume(null));
                    }
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
  void aBodyWaitsThroughTheCoroutinesThatHaveResumedIt() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          Fiber sender =
              Fiber.start(
                  () -> {
                    for (int i = 1; i <= 3; i++) {
                      channel.send(i);
                      Fiber.yield();
                    }
                  });
          Coroutine<Integer, Void, Void> inner = sums(channel);
          Coroutine<Integer, Void, String> outer =
              Coroutine.of(
                  out -> {
                    out.yield(10 * value(inner.start()));
                    out.yield(10 * value(inner.resume(null)));
                    return "sum " + inner.resume(null);
                  });

          assertEquals(10, outer.start());
          assertEquals(30, outer.resume(null));
          assertEquals("sum 6", outer.finish(null));
          assertEquals(State.SUSPENDED, inner.state());
          inner.close();
          sender.join();
        });
  }

  private static int value(Integer boxed) {
    return boxed;
  }

  @Test
  void aCancelOfTheResumerReachesTheWaitInTheBody() throws Exception {
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
                    Throwing.assertThrows(CancelledException.class, () -> waiting.start());
                    log.add("resumer sees " + waiting.state());
                  });
          Fiber.yield();
          fiber.cancel();
          fiber.join();
        });

    assertEquals(List.of("body unwinds", "resumer sees DONE"), log);
  }

  @Test
  void aDeadlineOfTheResumerReachesTheWaitInTheBody() throws Exception {
    Reactors.run(
        () -> {
          Coroutine<String, Void, Void> patient =
              Coroutine.of(
                  out -> {
                    try {
                      Fiber.sleepUntil(Deadline.NEVER);
                    } catch (ScopeExpiredException e) {
                      out.yield("too late");
                    }
                    return null;
                  });

          Deadline deadline = Deadline.after(Duration.ofMillis(1));
          String yielded = Fiber.within(deadline, () -> patient.start());

          assertEquals("too late", yielded);
          assertNull(patient.resume(null));
        });
  }

  @Test
  void aCloseRunsFinallyBlocksThatWait() throws Exception {
    Reactors.run(
        () -> {
          Coroutine<Integer, Void, Void> careful =
              Coroutine.of(
                  out -> {
                    try {
                      out.yield(1);
                    } finally {
                      log.add("closing");
                      Fiber.yield();
                      log.add("closed");
                    }
                    return null;
                  });
          careful.start();
          Fiber.start(() -> log.add("others run"));

          careful.close();

          assertEquals(State.DONE, careful.state());
        });

    assertEquals(List.of("closing", "others run", "closed"), log);
  }

  // ---- who may resume

  @Test
  @Tag("needs-weaving")
  void fibersOfAReactorTakeTurnsWithACoroutine() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          Coroutine<Integer, Void, Void> sums = sums(channel);
          Fiber first = Fiber.start(() -> log.add("first " + sums.start()));
          channel.send(1);
          first.join();
          Fiber second = Fiber.start(() -> log.add("second " + sums.resume(null)));
          channel.send(2);
          second.join();
          Runnable third = () -> log.add("third " + sums.resume(null));
          Fiber onStack = Fiber.start(third::run);
          channel.send(3);
          onStack.join();
          sums.close();
        });

    assertEquals(List.of("first 1", "second 3", "third 6"), log);
  }

  @Test
  @Tag("needs-weaving")
  void aCoroutineThatWaitsCantBeResumedByAnotherFiber() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          Coroutine<Integer, Void, Void> sums = sums(channel);
          Fiber fiber = Fiber.start(() -> assertEquals(7, sums.start()));
          Fiber.yield();

          assertEquals(
              "resume: sums is ACTIVE, and must be SUSPENDED",
              Throwing.assertThrows(IllegalStateException.class, () -> sums.resume(null))
                  .getMessage());

          channel.send(7);
          fiber.join();
          sums.close();
        });
  }

  @Test
  void aCoroutineCantMoveToAnotherReactor() throws Exception {
    Throwable[] thrown = {null};
    Reactors.run(
        () -> {
          Coroutine<Integer, Void, Void> ones = ones();
          ones.start();
          Thread other = Thread.ofPlatform().start(() -> thrown[0] = thrownInAReactor(ones));
          Blocking.call(
              () -> {
                other.join();
                return other;
              });
          assertEquals(1, ones.resume(null));
          ones.close();
        });

    assertSame(WrongThreadException.class, thrown[0].getClass());
    String message = thrown[0].getMessage();
    assertTrue(message.startsWith("resume: ones is SUSPENDED and belongs to "), message);
  }

  private static Throwable thrownInAReactor(Coroutine<Integer, Void, Void> coroutine) {
    Throwable[] thrown = {null};
    try {
      Reactors.run(
          () -> {
            try {
              coroutine.resume(null);
            } catch (WrongThreadException e) {
              thrown[0] = e;
            }
          });
    } catch (Exception e) {
      return e;
    }
    return thrown[0];
  }

  private static Coroutine<Integer, Void, Void> ones() {
    return Coroutine.of(
        "ones",
        out -> {
          while (true) {
            out.yield(1);
          }
        });
  }

  // ---- code that is not woven

  @Test
  @Tag("needs-weaving")
  void aWovenBodyIsResumedByPlainCode() throws Exception {
    Reactors.run(
        () -> {
          Coroutine<Integer, Void, Void> ones = ones();
          ones.start();

          List.of("a", "b").forEach(name -> log.add(name + ones.resume(null)));

          ones.close();
        });

    assertEquals(List.of("a1", "b1"), log);
  }

  @Test
  @Tag("needs-weaving")
  void aWovenBodyCantWaitForAResumerThatIsNotWoven() throws Exception {
    Reactors.run(
        () -> {
          Coroutine<Void, Void, String> waiting =
              Coroutine.of(
                  out -> {
                    Fiber.yield();
                    return "went on";
                  });
          Fiber.yield(); // so that this fiber is woven

          List.of(waiting)
              .forEach(
                  each -> {
                    try {
                      each.start();
                    } catch (PinnedException e) {
                      log.add(e.getMessage());
                    }
                  });

          assertEquals(State.DONE, waiting.state());
        });

    assertEquals(1, log.size());
    assertTrue(log.getFirst().contains("forEach"), log::toString);
    assertTrue(log.getFirst().contains("lambda$aWovenBodyCantWait"), log::toString);
  }

  @Test
  @Tag("needs-weaving")
  void aYieldBelowCodeThatIsNotWovenThrowsAndTheBodyContinues() throws Exception {
    Coroutine<Integer, Void, String> coroutine =
        Coroutine.of(
            "pinned",
            out -> {
              List.of(1).forEach(each -> log.add(messageOfYield(out, each)));
              out.yield(2);
              return "ended";
            });

    assertEquals(2, coroutine.start());
    assertEquals("ended", coroutine.finish(null));
    assertTrue(log.getFirst().startsWith("yield: pinned can't be suspended by"), log::toString);
    assertTrue(log.getFirst().contains("forEach"), log::toString);
  }

  private static String messageOfYield(Out<Integer, Void> out, int value) {
    try {
      out.yield(value);
      return "yielded";
    } catch (PinnedException e) {
      return e.getMessage();
    }
  }

  // ---- where it is

  @Test
  void theCurrentCoroutineIsTheInnermostEvenAfterAWait() throws Exception {
    Reactors.run(
        () -> {
          Coroutine<Void, Void, Void> inner =
              Coroutine.of(
                  "inner",
                  out -> {
                    log.add("in " + Coroutine.current());
                    Fiber.yield();
                    log.add("in " + Coroutine.current());
                    return null;
                  });
          Coroutine<Void, Void, Void> outer =
              Coroutine.of(
                  "outer",
                  out -> {
                    inner.start();
                    log.add("in " + Coroutine.current());
                    return null;
                  });
          Fiber.start(() -> log.add("beside " + Coroutine.current()));

          outer.start();

          assertNull(Coroutine.current());
        });

    assertEquals(List.of("in inner", "beside null", "in inner", "in outer"), log);
  }

  @Test
  @Tag("needs-weaving")
  void theStackOfAFiberThatWaitsInABodyShowsBoth() throws Exception {
    Reactors.run(
        () -> {
          Fiber fiber = Fiber.start(CoroutineFiberTest::resumeOne);
          Fiber.yield();

          List<String> methods = methods(fiber.stackTrace());

          fiber.cancel();
          assertInOrder(methods, "waitInBody", "resumeOne");
        });
  }

  private static void resumeOne() {
    Coroutine<Void, Void, Void> coroutine =
        Coroutine.of(
            out -> {
              waitInBody();
              return null;
            });
    coroutine.start();
    coroutine.result();
  }

  private static void waitInBody() {
    Fiber.yield();
    Fiber.sleep(Duration.ZERO);
    Fiber.sleepUntil(Deadline.NEVER);
    throw new AssertionError("woken");
  }

  @Test
  @Tag("needs-weaving")
  void aTraceHasTheBodyAndThenItsResumer() throws Exception {
    Throwable[] thrown = {null};
    Reactors.run(
        () -> {
          Fiber fiber =
              Fiber.start(
                  () -> {
                    try {
                      resumeOne();
                    } catch (CancelledException e) {
                      thrown[0] = e;
                    }
                  });
          Fiber.yield();
          fiber.cancel();
          fiber.join();
        });

    assertInOrder(methods(thrown[0].getStackTrace()), "waitInBody", "resumeOne");
  }

  @Test
  @Tag("needs-weaving")
  void aTraceThroughNestedCoroutinesHasTheCallersOfEach() throws Exception {
    List<String> methods = new ArrayList<>();
    Reactors.run(
        () -> {
          try {
            resumeOuter();
          } catch (IllegalStateException e) {
            methods.addAll(methods(e.getStackTrace()));
          }
        });

    assertInOrder(methods, "fail", "resumeInner", "resumeOuter");
  }

  private static void resumeOuter() {
    Coroutine<Void, Void, Void> outer =
        Coroutine.of(
            out -> {
              resumeInner();
              return null;
            });
    outer.start();
    outer.result();
  }

  private static void resumeInner() {
    Coroutine<Void, Void, Void> inner =
        Coroutine.of(
            out -> {
              Fiber.yield();
              throw fail();
            });
    inner.start();
    inner.result();
  }

  private static IllegalStateException fail() {
    return new IllegalStateException("expected");
  }

  private static List<String> methods(StackTraceElement[] trace) {
    return Arrays.stream(trace).map(StackTraceElement::getMethodName).toList();
  }

  private static void assertInOrder(List<String> methods, String... names) {
    int last = -1;
    for (String name : names) {
      int found = methods.lastIndexOf(name);
      assertTrue(found > last, () -> name + " in " + methods);
      assertEquals(methods.indexOf(name), found, () -> name + " twice in " + methods);
      last = found;
    }
  }
}

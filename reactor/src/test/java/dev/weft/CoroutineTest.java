// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.weft.Coroutine.State;
import dev.weft.error.CancelledException;
import dev.weft.error.TaskFailedException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CoroutineTest {
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

  // ---- calls in the wrong state

  @Test
  void aCallInTheWrongStateNamesTheCoroutineItsStateAndTheCall() {
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
  void aFinishThatReachesAYieldThrowsAndTheCoroutineCanBeResumed() {
    Coroutine<Integer, Boolean, String> coroutine = counter();
    coroutine.start();

    assertMessage(
        "finish: counter is SUSPENDED: it has not returned but yielded 1",
        assertThrows(IllegalStateException.class, () -> coroutine.finish(true)));

    assertEquals(2, coroutine.resume(true));
  }

  @Test
  void aResumeThatReachesTheEndReturnsNull() {
    Coroutine<Integer, Boolean, String> coroutine = counter();
    coroutine.start();

    assertNull(coroutine.resume(false));

    assertEquals(State.DONE, coroutine.state());
    assertEquals("counted 0", coroutine.result());
  }

  @Test
  void anInnerCoroutineCanNeitherYieldNorResumeAnOuterOne() {
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
  void aStackOverflowInTheBodyReachesTheResumer() {
    Coroutine<Void, Void, Integer> coroutine = Coroutine.of(out -> deeper(0));

    assertThrows(StackOverflowError.class, coroutine::start);

    assertEquals(State.DONE, coroutine.state());
  }

  @SuppressWarnings("InfiniteRecursion") // what is tested
  private static int deeper(int depth) {
    return deeper(depth + 1) + 1;
  }

  @Test
  void anExceptionOfASuspendBlockReachesTheResumer() {
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

  // ---- close

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
  void aBodyThatYieldsWhileItIsClosedIsAbandoned() {
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
  void anExceptionOfACleanupIsThrownByClose() {
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
    child.resume(null); // zigcoro would run the parent now, which resumed the child first
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
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Coroutine.State;
import dev.weft.error.ChannelClosedException;
import dev.weft.error.TaskFailedException;
import dev.weft.sync.Channel;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Counterparts of zigcoro's tests of coroutines and channels, by their names. Where theirs measure
 * time, these count and compare orders. A coroutine that sleeps or does I/O is one in a fiber;
 * where two of theirs run side by side, two fibers do.
 */
class ZigcoroTest {
  /** Starts a coroutine that never yields, and awaits it. */
  private static <R> R run(Coroutine.Body<Void, Void, R> body) {
    Coroutine<Void, Void, R> coroutine = Coroutine.of(body);
    coroutine.start();
    return coroutine.result();
  }

  // ---- their src/test.zig

  /** with FrameT and xasync xawait. */
  @Test
  void startRunsToTheFirstYieldAndResultNeedsNoSwitch() {
    int[] x = {0};
    Coroutine<Void, Void, Integer> coroutine =
        Coroutine.of(
            out -> {
              x[0] += 1;
              out.yield(null);
              x[0] += 1;
              out.yield(null);
              x[0] += 2;
              return x[0] + 10;
            });

    coroutine.start();
    assertEquals(1, x[0]);
    coroutine.resume(null);
    assertEquals(2, x[0]);
    coroutine.resume(null);

    assertEquals(4, x[0]);
    assertEquals(State.DONE, coroutine.state());
    assertEquals(14, coroutine.result());
    assertEquals(14, coroutine.result());
  }

  private static final class SomethingBad extends Exception {
    private static final long serialVersionUID = 1L;
  }

  /** xawait error. */
  @Test
  void anExceptionReachesTheResumerUnchangedAndIsThrownByResult() {
    int[] x = {0};
    SomethingBad bad = new SomethingBad();
    Coroutine<Void, Void, Void> coroutine =
        Coroutine.of(
            out -> {
              x[0] += 1;
              if (x[0] == 1) {
                throw bad;
              }
              x[0] += 1;
              return null;
            });

    assertSame(bad, assertThrows(SomethingBad.class, coroutine::start));

    assertEquals(1, x[0]);
    assertEquals(State.DONE, coroutine.state());
    assertSame(bad, assertThrows(TaskFailedException.class, coroutine::result).getCause());
  }

  /** suspend block. */
  @Test
  void aSuspendBlockRunsInTheResumerAndMayResumeTheCoroutine() {
    List<Object> seen = new ArrayList<>();
    Coroutine<String, Void, Integer> coroutine =
        Coroutine.of(
            out -> {
              out.yieldThen(
                  "yielded",
                  () -> {
                    seen.add(out.coroutine().state());
                    seen.add(Coroutine.current() == null);
                    assertNull(out.coroutine().resume(null));
                  });
              return 7;
            });

    assertEquals("yielded", coroutine.start());

    assertEquals(List.of(State.SUSPENDED, true), seen);
    assertEquals(State.DONE, coroutine.state());
    assertEquals(7, coroutine.result());
  }

  /** Sends 0 to 5; returns how often a fiber was resumed, each time from the loop: their root. */
  private static long resumesToSumSix(int capacity) throws Exception {
    long[] resumes = {0};
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.buffered(capacity);
          try (Bundle bundle = Bundle.open()) {
            ReactorStats before = Reactor.current().stats();
            bundle.go(() -> sendSix(channel));
            Task<Integer> sum = bundle.go(() -> drain(channel));
            bundle.await();
            long mine = 1; // after the await
            resumes[0] = Reactor.current().stats().since(before).resumes() - mine;
            assertEquals(15, sum.join());
          }
        });
    return resumes[0];
  }

  private static void sendSix(Channel<Integer> channel) {
    for (int i = 0; i < 6; i++) {
      channel.send(i);
    }
    channel.done();
  }

  private static int drain(Channel<Integer> channel) {
    int sum = 0;
    try {
      while (true) {
        sum += channel.receive();
      }
    } catch (ChannelClosedException end) {
      return sum;
    }
  }

  /**
   * channel. Theirs enters root twice per value, 12 times: once from each side. Ours once, since a
   * receiver also moves the waiting sender's value into the buffer.
   */
  @Test
  void aChannelOfOnePlaceCostsOneResumeAValue() throws Exception {
    assertEquals(6, resumesToSumSix(1));
  }

  /** buffered channel. Theirs enters root 2 times, too. */
  @Test
  void aChannelWithRoomForAllCostsTwoResumes() throws Exception {
    assertEquals(2, resumesToSumSix(6));
  }

  // ---- their src/coro.zig

  /** basic suspend and resume. */
  @Test
  void rootAndCoroutineTakeTurns() {
    List<Integer> order = new ArrayList<>();
    Coroutine<Void, Void, Void> coroutine =
        Coroutine.of(
            out -> {
              order.add(1);
              out.yield(null);
              order.add(3);
              out.yield(null);
              order.add(5);
              return null;
            });
    List<State> states = new ArrayList<>(List.of(coroutine.state()));

    order.add(0);
    coroutine.start();
    states.add(coroutine.state());
    order.add(2);
    coroutine.resume(null);
    states.add(coroutine.state());
    order.add(4);
    coroutine.resume(null);
    states.add(coroutine.state());
    order.add(6);

    assertEquals(IntStream.rangeClosed(0, 6).boxed().toList(), order);
    assertEquals(List.of(State.START, State.SUSPENDED, State.SUSPENDED, State.DONE), states);
  }

  private static final class Counter {
    int value;
  }

  private static void count(int by) {
    Coroutine<?, ?, ?> current = Coroutine.current();
    current.storage(Counter.class).value += by;
  }

  /** with values. */
  @Test
  void storageIsAccessibleInTheBodyAndKeptAcrossYields() {
    Counter counter = new Counter();
    Coroutine<Void, Void, Void> coroutine =
        Coroutine.<Void, Void, Void>of(
                out -> {
                  count(1);
                  out.yield(null);
                  count(3);
                  return null;
                })
            .withStorage(counter);

    assertEquals(0, counter.value);
    coroutine.start();
    assertEquals(1, counter.value);
    coroutine.resume(null);
    assertEquals(4, counter.value);
  }

  /** with CoroT. */
  @Test
  void aCoroutineIsMadeWithoutBeingStartedAndReturnsAValue() {
    int argument = 4;
    Coroutine<Void, Void, Integer> coroutine =
        Coroutine.of(
            out -> {
              out.yield(null);
              return argument + 10;
            });
    assertEquals(State.START, coroutine.state());

    coroutine.start();

    assertEquals(14, coroutine.finish(null));
    assertEquals(14, coroutine.result());
  }

  /** iterator. */
  @Test
  void valuesGoBothWays() {
    Coroutine<Integer, Integer, Boolean> coroutine =
        Coroutine.of(
            out -> {
              int total = 1;
              total += out.yield(total);
              total += out.yield(total);
              return out.yield(total) == 22;
            });

    assertEquals(1, coroutine.start());
    assertEquals(4, coroutine.resume(3));
    assertEquals(6, coroutine.resume(2));
    assertTrue(coroutine.finish(22));
  }

  /** resume self. Theirs does nothing; a resume that must return a value can't, and throws. */
  @Test
  void aCoroutineCantResumeItself() {
    String message =
        run(
            out ->
                assertThrows(
                        IllegalStateException.class,
                        () -> out.coroutine().resume(null),
                        "it runs already")
                    .getMessage());

    assertTrue(message.endsWith(" is ACTIVE, and must be SUSPENDED"), message);
  }
}

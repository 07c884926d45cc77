// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Coroutine.State;
import dev.weft.error.ChannelClosedException;
import dev.weft.error.TaskFailedException;
import dev.weft.fs.File;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import dev.weft.sync.AsyncEvent;
import dev.weft.sync.Channel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Counterparts of zigcoro's tests, by their names. Where theirs measure time, these count and
 * compare orders. A coroutine that sleeps or does I/O is one in a fiber; where two of theirs run
 * side by side, two fibers do.
 */
class ZigcoroTest {
  private static final byte[] MESSAGE = "weft io".getBytes(StandardCharsets.US_ASCII);

  /** Starts a coroutine that never yields, and awaits it. */
  private static <R> R run(Coroutine.Body<Void, Void, R> body) {
    Coroutine<Void, Void, R> coroutine = Coroutine.of(body);
    coroutine.start();
    return coroutine.result();
  }

  // ---- their src/test.zig

  /** with FrameT and xasync xawait. */
  @Test
  void aStartRunsToTheFirstYieldAndAResultIsThereWithoutASwitch() {
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
  void anExceptionReachesTheResumerAsItIsAndTheResultTellsIt() {
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
  void aBlockRunsInTheResumerOnceTheCoroutineIsSuspendedAndMayResumeIt() {
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
   * channel. Theirs enters root twice a value, 12 times: once from each side. Ours once, since who
   * takes a value also lets the waiting sender's into its place.
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
  void storageIsFoundFromInsideAndKeptAcrossYields() {
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
  void resumingOneselfIsRefused() {
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

  // ---- their src/test_aio.zig

  /** aio sleep top-level. */
  @Test
  void aSleepOutsideOfCoroutinesReturns() throws Exception {
    Reactors.run(
        () -> {
          Deadline due = Deadline.after(Duration.ofMillis(1));
          Fiber.sleepUntil(due);
          assertTrue(due.hasPassed());
        });
  }

  /** aio sleep run; aio sleep env is the same here, where nothing has to be handed in. */
  @Test
  void aCoroutineSleepsAndReturnsAValue() throws Exception {
    Reactors.run(
        () -> {
          Deadline due = Deadline.after(Duration.ofMillis(1));
          int result =
              run(
                  out -> {
                    Fiber.sleepUntil(due);
                    return 7;
                  });
          assertTrue(due.hasPassed());
          assertEquals(7, result);
        });
  }

  /** aio concurrent sleep, and aio concurrent sleep env. */
  @Test
  void sleepsOverlap() throws Exception {
    List<String> ended = new ArrayList<>();
    int[] asleep = {0};
    Reactors.run(
        () -> {
          Deadline soon = Deadline.after(Duration.ofMillis(1));
          Deadline later = Deadline.after(Duration.ofMillis(2));
          for (Deadline due : List.of(later, soon)) {
            Fiber.start(
                () ->
                    run(
                        out -> {
                          asleep[0]++;
                          Fiber.sleepUntil(due);
                          return ended.add(due.equals(soon) ? "soon" : "later");
                        }));
          }
          Fiber.yield();
          assertEquals(2, asleep[0]);
        });
    assertEquals(List.of("soon", "later"), ended);
  }

  /** aio timers. */
  @Test
  void aFastAndASlowLoopInterleave() throws Exception {
    List<String> log = new ArrayList<>();
    Reactors.run(
        () -> {
          Fiber.start(() -> run(out -> tick("fast", Duration.ofMillis(1), log)));
          Fiber.start(() -> run(out -> tick("slow", Duration.ofMillis(2), log)));
        });
    assertEquals(20, log.size());
    assertTrue(log.indexOf("slow") < log.lastIndexOf("fast"), log::toString);
  }

  /** Notes ten ticks, each at its own time, not so long after the last one. */
  private static boolean tick(String name, Duration period, List<String> log) {
    Deadline[] due = new Deadline[10];
    for (int i = 0; i < due.length; i++) {
      due[i] = Deadline.after(period.multipliedBy(i + 1));
    }
    for (Deadline next : due) {
      Fiber.sleepUntil(next);
      log.add(name);
    }
    return true;
  }

  /** aio tcp. */
  @Test
  void aMessageArrivesAfterItsListenerIsClosed() throws Exception {
    byte[] received = new byte[MESSAGE.length];
    Reactors.run(
        () -> {
          TcpListener listener =
              TcpListener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
          Fiber server =
              Fiber.start(
                  () ->
                      run(
                          out -> {
                            try (TcpSocket socket = listener.accept();
                                Arena arena = Arena.ofConfined()) {
                              listener.close();
                              MemorySegment buffer = arena.allocate(MESSAGE.length);
                              socket.readFully(buffer);
                              MemorySegment.ofArray(received).copyFrom(buffer);
                            }
                            return null;
                          }));
          run(
              out -> {
                try (TcpSocket socket = TcpSocket.connect(listener.localAddress());
                    Arena arena = Arena.ofConfined()) {
                  MemorySegment buffer = arena.allocate(MESSAGE.length);
                  buffer.copyFrom(MemorySegment.ofArray(MESSAGE));
                  socket.write(buffer);
                }
                return null;
              });
          server.join();
        });
    assertArrayEquals(MESSAGE, received);
  }

  /** aio file. */
  @Test
  void aFileHoldsWhatACoroutineHasWritten(@TempDir Path folder) throws Exception {
    Path path = folder.resolve("file");
    byte[] read = new byte[MESSAGE.length];
    Reactors.run(
        () ->
            run(
                out -> {
                  try (Arena arena = Arena.ofConfined()) {
                    MemorySegment buffer = arena.allocate(MESSAGE.length + 1);
                    try (File file =
                        File.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                      file.writeAt(
                          buffer
                              .asSlice(0, MESSAGE.length)
                              .copyFrom(MemorySegment.ofArray(MESSAGE)),
                          0);
                      file.sync();
                    }
                    try (File file = File.open(path, StandardOpenOption.READ)) {
                      assertEquals(MESSAGE.length, file.readAt(buffer, 0));
                    }
                    MemorySegment.ofArray(read).copyFrom(buffer.asSlice(0, MESSAGE.length));
                  }
                  return null;
                }));
    assertArrayEquals(MESSAGE, read);
  }

  /** aio async. */
  @Test
  void aWaiterIsWokenByAnEventFromAnotherCoroutine() throws Exception {
    List<String> log = new ArrayList<>();
    Reactors.run(
        () -> {
          AsyncEvent event = AsyncEvent.create();
          Fiber waiter =
              Fiber.start(
                  () ->
                      run(
                          out -> {
                            log.add("waits");
                            event.await();
                            return log.add("woken");
                          }));
          Fiber.yield();
          run(out -> log.add("signals") && event.signal());
          waiter.join();
          event.close();
        });
    assertEquals(List.of("waits", "signals", "woken"), log);
  }

  /** aio mix channels. */
  @Test
  void aSenderThatSleepsAndAReceiverShareTheLoop() throws Exception {
    int[] sum = {0};
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.buffered(10);
          Fiber.start(
              () ->
                  run(
                      out -> {
                        for (int i = 0; i < 6; i++) {
                          channel.send(i);
                          Fiber.sleep(Duration.ofNanos(1));
                        }
                        channel.done();
                        return null;
                      }));
          Fiber.start(() -> sum[0] = run(out -> drain(channel)));
        });
    assertEquals(15, sum[0]);
  }

  /** aio mix async recurse in sleep and notification. */
  @Test
  void aSleepInsideANestedCoroutineDoesNotDisturbAWaitForAnotherThread() throws Exception {
    List<String> log = new ArrayList<>();
    Reactors.run(
        () -> {
          AsyncEvent event = AsyncEvent.create();
          Fiber sleeper =
              Fiber.start(
                  () ->
                      run(
                          out ->
                              run(
                                  nested -> {
                                    Fiber.sleep(Duration.ofNanos(1));
                                    return log.add("slept");
                                  })));
          Fiber waiter =
              Fiber.start(
                  () ->
                      run(
                          out -> {
                            event.await();
                            return log.add("notified");
                          }));
          sleeper.join();
          Thread other = Thread.ofPlatform().start(event::signal);
          waiter.join();
          other.join();
          event.close();
        });
    assertEquals(List.of("slept", "notified"), log);
  }
}

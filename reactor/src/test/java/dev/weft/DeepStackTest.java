// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.fs.File;
import dev.weft.io.Pipe;
import dev.weft.io.Splice;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import dev.weft.sync.Barrier;
import dev.weft.sync.Channel;
import dev.weft.sync.Choose;
import dev.weft.sync.EventCount;
import dev.weft.sync.Latch;
import dev.weft.sync.Mailbox;
import dev.weft.sync.Mutex;
import dev.weft.sync.Queue;
import dev.weft.sync.Semaphore;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Calls of the library at the end of the stack, which overflows in each part of them. A call that
 * has failed has done nothing, and nothing is left of it.
 */
class DeepStackTest {
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private static final byte[] BYTES = {1, 2, 3, 4};

  private final StackEnd end = new StackEnd();

  // ---- waits

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  void yields(FiberKind kind) throws Exception {
    end.run(kind, () -> end.tryThere(Fiber::yield));
  }

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  void sleeps(FiberKind kind) throws Exception {
    end.run(kind, () -> end.tryThere(() -> Fiber.sleep(Duration.ofNanos(1000))));
  }

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  void scopes(FiberKind kind) throws Exception {
    end.run(
        kind,
        () ->
            end.tryThere(
                () ->
                    Fiber.within(
                        Deadline.after(Duration.ofHours(1)),
                        () -> Fiber.shielded(Deadline.NEVER, () -> Fiber.yield()))));
  }

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  void deadlines(FiberKind kind) throws Exception {
    end.run(
        kind,
        () -> {
          Channel<Integer> empty = Channel.rendezvous();
          end.tryThere(
              () -> {
                try {
                  empty.receive(Deadline.after(Duration.ofNanos(1000)));
                } catch (DeadlineExceededException e) {
                  Fiber.yield();
                }
              });
        });
  }

  // ---- channels and locks

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  void receives(FiberKind kind) throws Exception {
    int[] sent = {0};
    int[] received = {0};
    end.run(
        kind,
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          end.tryWithPartner(
              () -> channel.send(sent[0]++),
              () -> {
                int got = channel.receive(Deadline.after(Duration.ofHours(1)));
                assertEquals(received[0], got);
                received[0] = got + 1;
              });
        });
  }

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  void sends(FiberKind kind) throws Exception {
    List<Integer> received = new ArrayList<>();
    int[] sent = {0};
    end.run(
        kind,
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          end.tryWithPartner(
              () -> received.add(channel.receive()),
              () -> {
                channel.send(sent[0]);
                sent[0]++;
              });
        });
    assertEquals(Stream.iterate(0, i -> i + 1).limit(sent[0]).toList(), received);
  }

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  void selects(FiberKind kind) throws Exception {
    int[] sent = {0};
    int[] received = {0};
    end.run(
        kind,
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          Channel<Integer> other = Channel.rendezvous();
          Choose<Integer> choose =
              Choose.<Integer>create().receive(channel, value -> value).receive(other, value -> -1);
          end.tryWithPartner(
              () -> {
                channel.send(sent[0]);
                sent[0]++;
              },
              () -> {
                int got = choose.await();
                assertEquals(received[0], got);
                received[0] = got + 1;
              });
        });
  }

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  void locks(FiberKind kind) throws Exception {
    Mutex.Guard[] held = new Mutex.Guard[1];
    end.run(
        kind,
        () -> {
          Mutex mutex = Mutex.create();
          end.tryWithPartner(
              () -> {
                try (Mutex.Guard _ = mutex.lock()) {
                  Fiber.yield();
                }
              },
              () -> {
                if (held[0] == null) {
                  held[0] = mutex.lock();
                }
                held[0].close(); // again if it has failed
                held[0] = null;
              });
          assertFalse(mutex.isLocked());
        });
  }

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  void permitsAndMeetings(FiberKind kind) throws Exception {
    end.run(
        kind,
        () -> {
          Semaphore to = Semaphore.of(0);
          Semaphore back = Semaphore.of(0);
          EventCount count = EventCount.create();
          boolean[] asked = {false};
          end.tryWithPartner(
              () -> {
                to.acquire();
                count.signalAll();
                back.release();
              },
              () -> {
                if (!asked[0]) {
                  to.release();
                  asked[0] = true;
                }
                back.acquire();
                asked[0] = false;
              });
          assertEquals(0, to.available());
          assertEquals(0, back.available());
        });
  }

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  void latchesAndBarriers(FiberKind kind) throws Exception {
    end.run(
        kind,
        () -> {
          Barrier barrier = Barrier.of(2);
          end.tryWithPartner(
              barrier::await,
              () -> {
                Latch latch = Latch.of(1);
                latch.countDown();
                latch.await();
                barrier.await();
              });
        });
  }

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  void queues(FiberKind kind) throws Exception {
    end.run(
        kind,
        () -> {
          Queue<Integer> queue = Queue.bounded(2);
          Mailbox<Integer> mailbox = Mailbox.unbounded();
          boolean[] asked = {false};
          end.tryWithPartner(
              () -> mailbox.offer(queue.receive()),
              () -> {
                if (!asked[0]) {
                  queue.send(1);
                  asked[0] = true;
                }
                mailbox.receive();
                asked[0] = false;
              });
        });
  }

  // ---- fibers

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  void bundles(FiberKind kind) throws Exception {
    int[] children = {0};
    end.run(
        kind,
        () -> {
          end.tryThere(
              () -> {
                try (Bundle bundle = Bundle.open()) {
                  bundle.go(
                      () -> {
                        children[0]++;
                        try {
                          Fiber.yield();
                        } finally {
                          children[0]--;
                        }
                      });
                  bundle.await();
                }
              });
        });
    assertEquals(0, children[0]);
  }

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  void fibersThatAreClosed(FiberKind kind) throws Exception {
    int[] live = {0};
    end.run(
        kind,
        () ->
            end.tryThere(
                () -> {
                  try (Fiber fiber = Fiber.start(() -> sleepLong(live))) {
                    Fiber.yield();
                    fiber.cancel();
                  }
                }));
    assertEquals(0, live[0]);
  }

  private static void sleepLong(int[] live) {
    live[0]++;
    try {
      Fiber.sleep(Duration.ofSeconds(1)); // bounded, in case it can't be closed
    } catch (CancelledException e) {
      Fiber.current();
    } finally {
      live[0]--;
    }
  }

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  void blockingCalls(FiberKind kind) throws Exception {
    end.run(kind, () -> end.tryThere(() -> Blocking.call(() -> 1)));
  }

  // ---- coroutines

  /** Yields 0, 1, 2 and so on, as long as it is resumed with what it has yielded. */
  private static Coroutine<Integer, Integer, Integer> counting() {
    return Coroutine.of(
        out -> {
          int count = 0;
          while (out.yield(count) == count) {
            count++;
          }
          return -1;
        });
  }

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  @Tag("needs-stack")
  void coroutinesThatAreResumed(FiberKind kind) throws Exception {
    int[] last = {0};
    end.run(
        kind,
        () -> {
          try (Coroutine<Integer, Integer, Integer> coroutine = counting()) {
            assertEquals(0, coroutine.start());
            end.tryThere(
                () -> {
                  Integer yielded = coroutine.resume(last[0]);
                  last[0]++;
                  assertEquals(last[0], yielded);
                });
          }
        });
  }

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  @Tag("needs-stack")
  void coroutinesThatAreClosed(FiberKind kind) throws Exception {
    end.run(
        kind,
        () ->
            end.tryThere(
                () -> {
                  try (Coroutine<Integer, Integer, Integer> coroutine = counting()) {
                    assertEquals(0, coroutine.start());
                    Fiber.yield();
                  }
                }));
  }

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  @Tag("needs-stack")
  void coroutinesThatOverflow(FiberKind kind) throws Exception {
    end.run(
        kind,
        () ->
            end.tryThere(
                () -> {
                  Coroutine<Integer, Integer, Integer> endless = Coroutine.of(out -> overflow(0));
                  assertThrows(StackOverflowError.class, endless::start);
                  if (endless.state() == Coroutine.State.START) {
                    throw new StackOverflowError(); // it was not started
                  }
                  assertEquals(Coroutine.State.DONE, endless.state());
                  Fiber.yield();
                }));
  }

  @SuppressWarnings("InfiniteRecursion") // what is tested
  private static int overflow(int depth) {
    return overflow(depth + 1) + depth;
  }

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  @Tag("needs-stack")
  void generators(FiberKind kind) throws Exception {
    int[] last = {0};
    end.run(
        kind,
        () -> {
          try (Generator<Integer> generator = Generator.of(DeepStackTest::count)) {
            Iterator<Integer> values = generator.iterator();
            end.tryThere(
                () -> {
                  int next = values.next();
                  assertEquals(last[0], next);
                  last[0]++;
                });
          }
        });
  }

  private static void count(Coroutine.Out<Integer, ?> out) {
    for (int i = 0; ; i++) {
      out.yield(i);
    }
  }

  // ---- descriptors

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  void transfers(FiberKind kind) throws Exception {
    end.run(
        kind,
        () -> {
          try (TcpListener listener = TcpListener.bind(ANY_PORT);
              TcpSocket one = TcpSocket.connect(listener.localAddress());
              TcpSocket other = listener.accept();
              Arena arena = Arena.ofShared()) {
            MemorySegment in = arena.allocate(BYTES.length);
            MemorySegment echoed = arena.allocate(BYTES.length);
            MemorySegment out = arena.allocateFrom(ValueLayout.JAVA_BYTE, BYTES);
            boolean[] asked = {false};
            Fiber echo =
                Fiber.start(
                    () -> {
                      while (other.read(echoed) > 0) {
                        other.write(echoed);
                      }
                    });
            end.tryThere(
                () -> {
                  if (!asked[0]) {
                    one.write(out);
                    asked[0] = true;
                  }
                  assertEquals(BYTES.length, one.read(in));
                  asked[0] = false;
                });
            one.shutdownOutput();
            echo.join();
          }
        });
  }

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  void connections(FiberKind kind) throws Exception {
    end.run(
        kind,
        () -> {
          try (TcpListener listener = TcpListener.bind(ANY_PORT)) {
            end.tryThere(
                () -> {
                  try (TcpSocket one = TcpSocket.connect(listener.localAddress());
                      TcpSocket other = listener.accept()) {
                    one.shutdownOutput();
                    assertTrue(other.isOpen());
                  }
                });
          }
        });
  }

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  void listeners(FiberKind kind) throws Exception {
    end.run(
        kind,
        () ->
            end.tryThere(
                () -> {
                  try (TcpListener listener = TcpListener.bind(ANY_PORT)) {
                    assertTrue(listener.localAddress().getPort() > 0);
                  }
                }));
  }

  @ParameterizedTest
  @EnumSource(FiberKind.class)
  void pipesAndFiles(FiberKind kind) throws Exception {
    Path path = Path.of("/dev/zero");
    end.run(
        kind,
        () -> {
          try (Arena arena = Arena.ofShared()) {
            MemorySegment buffer = arena.allocate(BYTES.length);
            end.tryThere(
                () -> {
                  try (File file = File.open(path);
                      Pipe pipe = Pipe.open()) {
                    Splice.copy(file, pipe.sink(), BYTES.length);
                    assertEquals(BYTES.length, pipe.source().read(buffer));
                  }
                });
          }
        });
  }
}

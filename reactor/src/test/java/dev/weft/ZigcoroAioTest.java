// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.ChannelClosedException;
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
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Counterparts of zigcoro's tests of input and output, by their names. A coroutine that sleeps or
 * does I/O is one in a fiber; where two of theirs run side by side, two fibers do.
 */
@Tag("needs-stack")
class ZigcoroAioTest {
  private static final byte[] MESSAGE = "weft io".getBytes(StandardCharsets.US_ASCII);

  /** Starts a coroutine that never yields, and awaits it. */
  private static <R> R run(Coroutine.Body<Void, Void, R> body) {
    Coroutine<Void, Void, R> coroutine = Coroutine.of(body);
    coroutine.start();
    return coroutine.result();
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

  /** aio sleep run; aio sleep env is the same here, where no environment has to be passed. */
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

// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.DeadlockException;
import dev.weft.error.PinnedException;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import dev.weft.sync.Channel;
import dev.weft.sync.Choose;
import dev.weft.sync.Mutex;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Properties of fibers without a stack, which exist only if these classes have been woven. */
@Tag("needs-weaving")
class WovenFiberTest {
  private static final int VALUES = 100;

  /** Starts a fiber that has a stack, since the weaver does not know what {@code body} does. */
  private static Task<?> goStackful(Bundle bundle, Runnable body) {
    return bundle.go(body::run);
  }

  private static void sendAll(Channel<Integer> channel) {
    for (int i = 0; i < VALUES; i++) {
      channel.send(i);
    }
  }

  private static int receiveAll(Channel<Integer> channel) {
    int sum = 0;
    for (int i = 0; i < VALUES; i++) {
      sum += channel.receive();
    }
    return sum;
  }

  @Test
  void aWovenTaskRunsOnTheReactorsThread() throws Exception {
    Reactors.run(
        () -> {
          Fiber.yield();

          assertSame(Fiber.current().thread(), Thread.currentThread());
          assertTrue(!Thread.currentThread().isVirtual());
        });
  }

  @Test
  void aTaskThatMakesNoOtherCallRunsOnTheReactorsThread() throws Exception {
    Reactors.run(
        () -> {
          int[] count = {0};
          Fiber counting = Fiber.start(() -> count[0]++);
          counting.join();

          assertEquals(1, count[0]);
          assertSame(Thread.currentThread(), counting.thread());
        });
  }

  @Test
  void aTaskThatOnlyBoxesItsResultRunsOnTheReactorsThread() throws Exception {
    Reactors.run(
        () -> {
          int[] count = {0};
          try (Bundle bundle = Bundle.open()) {
            Task<Integer> counting = bundle.go(() -> ++count[0]);

            assertEquals(1, counting.join());
            assertSame(Thread.currentThread(), counting.fiber().thread());
          }
        });
  }

  @Test
  void anUnwovenTaskRunsOnAThreadOfItsOwn() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            boolean[] virtual = {false};
            goStackful(bundle, () -> virtual[0] = Thread.currentThread().isVirtual());
            bundle.await();

            assertTrue(virtual[0]);
          }
        });
  }

  @Test
  void aProxyOfATaskRunsOnItsOwnThread() throws Exception {
    Reactors.run(
        () -> {
          List<String> calls = new ArrayList<>();
          FiberTask task =
              () -> {
                Fiber.yield();
                calls.add("virtual: " + Thread.currentThread().isVirtual());
              };
          InvocationHandler handler =
              (self, method, arguments) -> {
                Object result = method.invoke(task, arguments);
                calls.add("after " + method.getName());
                return result;
              };
          Class<?>[] interfaces = {FiberTask.class};
          FiberTask proxy =
              (FiberTask)
                  Proxy.newProxyInstance(FiberTask.class.getClassLoader(), interfaces, handler);

          Fiber.start(proxy).join();

          assertEquals(List.of("virtual: true", "after run"), calls);
        });
  }

  @Test
  void aWovenTaskCanBeMadeToRunOnAThreadOfItsOwn() throws Exception {
    Reactors.run(
        Reactors.options().withStackful(true),
        () -> {
          Fiber.yield();

          assertTrue(Thread.currentThread().isVirtual());
        });
  }

  @Test
  void wovenAndStackfulFibersShareAChannel() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> there = Channel.rendezvous();
          Channel<Integer> back = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            goStackful(bundle, () -> sendAll(there));
            bundle.go(
                () -> {
                  for (int i = 0; i < VALUES; i++) {
                    back.send(there.receive());
                  }
                });
            int[] sum = {0};
            Task<?> receiver = goStackful(bundle, () -> sum[0] = receiveAll(back));
            receiver.join();

            assertEquals(VALUES * (VALUES - 1) / 2, sum[0]);
          }
        });
  }

  private static long echoOnce(TcpListener listener) throws IOException {
    try (TcpSocket socket = listener.accept();
        Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(Long.BYTES);
      socket.readFully(buffer);
      socket.write(buffer);
      return buffer.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  @Test
  void wovenAndStackfulFibersShareAConnection() throws Exception {
    Reactors.run(
        () -> {
          InetAddress loopback = InetAddress.getLoopbackAddress();
          try (TcpListener listener = TcpListener.bind(new InetSocketAddress(loopback, 0));
              Bundle bundle = Bundle.open();
              Arena arena = Arena.ofConfined()) {
            Callable<Long> server = () -> echoOnce(listener);
            Task<Long> serving = bundle.go(server::call);
            MemorySegment buffer = arena.allocate(Long.BYTES);
            buffer.set(ValueLayout.JAVA_LONG, 0, 42);
            try (TcpSocket client = TcpSocket.connect(listener.localAddress())) {
              client.write(buffer);
              buffer.fill((byte) 0);
              client.readFully(buffer);
            }

            assertTrue(serving.fiber().thread().isVirtual());
            assertEquals(42, serving.join());
            assertEquals(42, buffer.get(ValueLayout.JAVA_LONG, 0));
          }
        });
  }

  @Test
  void wovenAndStackfulFibersShareAMutex() throws Exception {
    Reactors.run(
        () -> {
          Mutex mutex = Mutex.create();
          List<String> log = new ArrayList<>();
          try (Bundle bundle = Bundle.open()) {
            goStackful(bundle, () -> holdWhileYielding(mutex, log, "stackful"));
            bundle.go(() -> holdWhileYielding(mutex, log, "woven"));
            bundle.await();
          }

          assertEquals(List.of("stackful in", "stackful out", "woven in", "woven out"), log);
        });
  }

  private static void holdWhileYielding(Mutex mutex, List<String> log, String who) {
    try (Mutex.Guard _ = mutex.lock()) {
      log.add(who + " in");
      Fiber.yield();
      log.add(who + " out");
    }
  }

  @Test
  void aCancelEndsAWovenWaitAndDoesNotInterruptTheReactorsThread() throws Exception {
    Reactors.run(
        () -> {
          List<Throwable> ends = new ArrayList<>();
          Fiber waiting =
              Fiber.start(
                  () ->
                      ends.add(
                          assertThrows(
                              CancelledException.class, () -> Fiber.sleepUntil(Deadline.NEVER))));
          Fiber.yield();
          waiting.cancel();

          assertTrue(!Thread.currentThread().isInterrupted());
          waiting.join();
          assertEquals(1, ends.size());
        });
  }

  @Test
  void aShieldedCleanupRunsToItsEndInACancelledFiber() throws Exception {
    Reactors.run(
        () -> {
          List<String> log = new ArrayList<>();
          try (Bundle bundle = Bundle.open()) {
            bundle.go(
                () -> {
                  try {
                    Fiber.sleepUntil(Deadline.NEVER);
                  } finally {
                    Fiber.shielded(
                        Deadline.NEVER,
                        () -> {
                          Fiber.yield();
                          log.add("cleaned up");
                        });
                  }
                });
            Fiber.yield();
          }

          assertEquals(List.of("cleaned up"), log);
        });
  }

  @Test
  void aDeadlineEndsAWovenWait() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          try {
            channel.receive(Deadline.after(Duration.ofMillis(1)));
          } catch (DeadlineExceededException expected) {
            Fiber.yield();
            return;
          }
          throw new AssertionError("received a value that was not sent");
        });
  }

  @Test
  void aChooseHandlerMaySuspend() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.buffered(1);
          channel.send(20);
          int chosen =
              Choose.<Integer>create().receive(channel, WovenFiberTest::addOneLater).await();

          assertEquals(21, chosen);
        });
  }

  private static int addOneLater(int value) {
    Fiber.yield();
    return value + 1;
  }

  @Test
  void aDeadlockIsReportedWithTheFramesOfAWovenFiber() {
    DeadlockException deadlock =
        assertThrows(
            DeadlockException.class,
            () -> Reactors.run(() -> receiveAll(Channel.<Integer>rendezvous())));

    assertTrue(deadlock.getMessage().contains("WovenFiberTest.receiveAll("), deadlock.getMessage());
  }

  @Test
  void aDumpHasTheFramesOfAWovenFiber() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          Fiber receiver = Fiber.start("receiver", () -> receiveAll(channel));
          Fiber.yield();
          String dump = Reactor.current().dump().toString();
          List<StackTraceElement> stack = Arrays.asList(receiver.stackTrace());
          sendAll(channel);

          assertTrue(dump.contains("WovenFiberTest.receiveAll("), dump);
          assertTrue(
              stack.stream().anyMatch(frame -> frame.getMethodName().equals("receiveAll")),
              stack.toString());
          assertEquals(0, receiver.stackTrace().length);
        });
  }

  @Test
  void unwovenCodeBetweenWovenFramesIsNamed() throws Exception {
    Reactors.run(
        () -> {
          Fiber.yield();
          PinnedException pinned =
              assertThrows(PinnedException.class, () -> List.of(1).forEach(one -> Fiber.yield()));

          assertTrue(pinned.getMessage().contains(".forEach("), pinned.getMessage());
          assertTrue(pinned.getMessage().contains("Weave these classes"), pinned.getMessage());
        });
  }

  @Test
  void aWaitThatUnwovenCodePreventsLeavesNothingBehind() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          assertThrows(
              PinnedException.class,
              () -> List.of(1).forEach(one -> channel.receive(Deadline.after(Duration.ofDays(1)))));
          Task<Integer> receiver;
          try (Bundle bundle = Bundle.open()) {
            receiver = bundle.go(() -> receiveAll(channel));
            sendAll(channel);
            bundle.await();
          }

          assertEquals(VALUES * (VALUES - 1) / 2, receiver.join());
        });
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.micro.FiberCallMode.Actor;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import dev.weft.sync.Channel;
import dev.weft.sync.Choose;
import dev.weft.sync.Mutex;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Micro-threads in fiber calls: the call suspends only its micro-thread, as it would a fiber. */
@Tag("needs-weaving") // and runs in each form
@Timeout(60)
class FiberCallTest {
  private static final class Doubler extends Actor {
    private final Channel<Integer> questions;
    private final Channel<Integer> answers;

    Doubler(Channel<Integer> questions, Channel<Integer> answers) {
      super("doubler");
      this.questions = questions;
      this.answers = answers;
    }

    @Override
    protected void run() {
      for (int question; (question = questions.receive()) != 0; ) {
        answers.send(2 * question);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aFiberAndAThreadExchangeValues(FiberCallMode mode) throws Exception {
    mode.run(
        () -> {
          Channel<Integer> questions = Channel.rendezvous();
          Channel<Integer> answers = Channel.rendezvous();
          MicroProcess process = mode.start(new Doubler(questions, answers));

          for (int i = 1; i < 100; i++) {
            questions.send(i);
            assertEquals(2 * i, answers.receive());
          }
          questions.send(0);
          process.join();
        });
  }

  /** Asks a doubler in another process. */
  private static final class Asker extends Actor {
    private final Channel<Integer> questions;
    private final Channel<Integer> answers;

    Asker(Channel<Integer> questions, Channel<Integer> answers) {
      super("asker");
      this.questions = questions;
      this.answers = answers;
    }

    @Override
    protected void run() {
      for (int i = 1; i <= 3; i++) {
        questions.send(i);
        note(answers.receive());
      }
      questions.send(0);
    }
  }

  @ParameterizedTest
  @EnumSource
  void threadsOfTwoProcessesExchangeValues(FiberCallMode mode) throws Exception {
    mode.run(
        () -> {
          Channel<Integer> questions = Channel.rendezvous();
          Channel<Integer> answers = Channel.rendezvous();
          Asker asker = new Asker(questions, answers);

          MicroProcess doubling = mode.start(new Doubler(questions, answers));
          mode.start(asker).join();
          doubling.join();

          assertEquals(List.of("2", "4", "6"), asker.notes);
        });
  }

  /** Waits for a value, which another thread of its process sends. */
  private static final class Receiver extends Actor {
    private final Channel<String> channel;
    private final boolean alone;

    Receiver(Channel<String> channel, boolean alone) {
      super("receiver");
      this.channel = channel;
      this.alone = alone;
    }

    @Override
    protected void run() {
      if (!alone) {
        Sender sender = new Sender(channel);
        child(sender);
        play(sender);
      }
      note(channel.receive());
    }
  }

  private static final class Sender extends Actor {
    private final Channel<String> channel;

    Sender(Channel<String> channel) {
      super("sender");
      this.channel = channel;
    }

    @Override
    protected void run() {
      channel.send("from the other thread");
    }
  }

  @ParameterizedTest
  @EnumSource
  void otherThreadsOfTheProcessRunDuringAFiberCall(FiberCallMode mode) throws Exception {
    mode.run(
        () -> {
          Receiver receiver = new Receiver(Channel.rendezvous(), false);

          mode.start(receiver).join();

          assertEquals(List.of("from the other thread"), receiver.notes);
        });
  }

  @ParameterizedTest
  @EnumSource
  void otherProcessesRunDuringAFiberCall(FiberCallMode mode) throws Exception {
    mode.run(
        () -> {
          Channel<String> channel = Channel.rendezvous();
          Receiver waiting = new Receiver(channel, true);
          Receiver other = new Receiver(Channel.rendezvous(), false);

          MicroProcess first = mode.start(waiting);
          mode.start(other).join();
          assertEquals(List.of(), waiting.notes);
          channel.send("at last");
          first.join();

          assertEquals(List.of("at last"), waiting.notes);
        });
  }

  private static final class Chooser extends Actor {
    private final Channel<String> silent = Channel.rendezvous();
    private final Channel<String> speaking = Channel.rendezvous();

    Chooser() {
      super("chooser");
    }

    @Override
    protected void run() {
      note(choose(Deadline.after(Duration.ofMillis(1))));
      Sender sender = new Sender(speaking);
      child(sender);
      play(sender);
      note(choose(Deadline.NEVER));
    }

    private String choose(Deadline deadline) {
      return Choose.<String>create()
          .receive(silent, value -> value)
          .receive(speaking, value -> value)
          .timeout(deadline, () -> "nothing")
          .await();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aThreadCanChoose(FiberCallMode mode) throws Exception {
    mode.run(
        () -> {
          Chooser chooser = new Chooser();

          mode.start(chooser).join();

          assertEquals(List.of("nothing", "from the other thread"), chooser.notes);
        });
  }

  /** Closes a bundle of fibers while another thread of its process continues. */
  private static final class Employer extends Actor {
    private final Channel<String> channel = Channel.buffered(8);

    Employer() {
      super("employer");
    }

    @Override
    protected void run() {
      Sender sender = new Sender(channel);
      child(sender);
      play(sender);
      try (Bundle work = Bundle.open()) {
        work.go(() -> channel.send(channel.receive() + ", passed on"));
        work.await();
      }
      note(channel.receive());
    }
  }

  @ParameterizedTest
  @EnumSource
  void closingABundleSuspendsItsMicroThreadOnly(FiberCallMode mode) throws Exception {
    mode.run(
        () -> {
          Employer employer = new Employer();

          mode.start(employer).join();

          assertEquals(List.of("from the other thread, passed on"), employer.notes);
        });
  }

  private static final class SocketReader extends Actor {
    private final TcpSocket peer;

    SocketReader(TcpSocket peer) {
      super("reader");
      this.peer = peer;
    }

    @Override
    protected void run() throws Exception {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment bytes = arena.allocate(5);
        peer.readFully(bytes);
        peer.write(bytes);
        note(new String(bytes.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8));
      } finally {
        peer.close();
        note("closed");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aThreadCanReadAndWriteATcpSocket(FiberCallMode mode) throws Exception {
    mode.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(anyPort());
              TcpSocket socket = TcpSocket.connect(listener.localAddress());
              Arena arena = Arena.ofConfined()) {
            SocketReader reader = new SocketReader(listener.accept());
            MicroProcess process = mode.start(reader);
            Fiber.yield();
            MemorySegment bytes = arena.allocateFrom("bytes").asSlice(0, 5);

            socket.write(bytes);
            socket.readFully(arena.allocate(5));
            process.join();

            assertEquals(List.of("bytes", "closed"), reader.notes);
          }
        });
  }

  private static InetSocketAddress anyPort() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  @ParameterizedTest
  @EnumSource
  void aProcessEndsAfterItsOperationsInFlight(FiberCallMode mode) throws Exception {
    mode.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(anyPort());
              TcpSocket socket = TcpSocket.connect(listener.localAddress())) {
            SocketReader reader = new SocketReader(listener.accept());
            MicroProcess process = mode.start(reader);
            Fiber.yield();

            process.kill();
            process.join();

            assertEquals(
                List.of("closed"),
                reader.notes); // by its finally block, which awaits the operation
            assertTrue(socket.isOpen());
          }
        });
  }

  /** Plays a thread that waits in a receive. */
  private static final class Player extends Actor {
    private final Channel<String> channel = Channel.rendezvous();
    final Receiver receiver = new Receiver(channel, true);

    Player() {
      super("player");
    }

    @Override
    protected void run() {
      child(receiver);
      play(receiver);
      Fiber.yield();
      for (int i = 0; i < 3; i++) {
        play(receiver);
        Fiber.yield();
      }
      receiver.note("played");
      channel.send("sent");
    }
  }

  @ParameterizedTest
  @EnumSource
  void playingAThreadDoesNotEndItsFiberCall(FiberCallMode mode) throws Exception {
    mode.run(
        () -> {
          Player player = new Player();

          mode.start(player).join();

          assertEquals(List.of("played", "sent"), player.receiver.notes);
        });
  }

  private static final class Sleeper extends Actor {
    private final Duration duration;

    Sleeper(Duration duration) {
      super("sleeper");
      this.duration = duration;
    }

    @Override
    protected void run() {
      Fiber.sleep(duration);
      note("slept");
    }
  }

  @ParameterizedTest
  @EnumSource
  void aFiberSleepSuspendsItsMicroThreadOnly(FiberCallMode mode) throws Exception {
    mode.run(
        () -> {
          Sleeper longer = new Sleeper(Duration.ofHours(1));
          Sleeper shorter = new Sleeper(Duration.ofMillis(1));
          MicroProcess process = mode.start(longer);

          mode.start(shorter).join();
          process.kill();
          process.join();

          assertEquals(List.of("slept"), shorter.notes);
          assertEquals(List.of(), longer.notes);
        });
  }

  /** Locks, and waits for a value. */
  private static final class Locker extends Actor {
    private final Mutex mutex;
    private final Channel<String> channel;

    Locker(Mutex mutex, Channel<String> channel) {
      super("locker");
      this.mutex = mutex;
      this.channel = channel;
    }

    @Override
    @SuppressWarnings("MustBeClosedChecker")
    protected void run() {
      mutex.lock();
      Bundle.open().go(() -> note(channel.receive()));
      channel.receive();
    }
  }

  @ParameterizedTest
  @EnumSource
  void mutexesAndBundlesOfAThreadAreReleasedAtItsEnd(FiberCallMode mode) throws Exception {
    mode.run(
        () -> {
          Mutex mutex = Mutex.create();
          Channel<String> channel = Channel.rendezvous();
          MicroProcess process = mode.start(new Locker(mutex, channel));
          Fiber.yield();
          assertTrue(mutex.isLocked());

          process.kill();
          process.join();

          assertEquals(false, mutex.isLocked());
          assertEquals(false, channel.trySend("unreceived"), "neither thread nor child receive");
        });
  }

  /** Makes a detached bundle with a fiber, and ends. */
  private static final class Maker extends Actor {
    @Nullable Bundle object;

    Maker() {
      super("maker");
    }

    @Override
    protected void run() {
      Bundle made = Bundle.detached();
      made.go(() -> work());
      object = made;
      Fiber.yield();
    }

    private void work() {
      try {
        Fiber.sleepUntil(Deadline.NEVER);
      } finally {
        note("worker ended");
      }
    }
  }

  /** Closes the detached bundle of another thread. */
  private static final class Closer extends Actor {
    private final Maker maker;

    Closer(Maker maker) {
      super("closer");
      this.maker = maker;
    }

    @Override
    protected void run() {
      Bundle object = maker.object;
      if (object != null) {
        object.close();
        maker.note("closed");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aDetachedBundleOutlivesItsThreadAndAnotherCanCloseIt(FiberCallMode mode) throws Exception {
    Maker maker = new Maker();
    mode.run(
        () -> {
          mode.start(maker).join();
          maker.note("maker ended");
          mode.start(new Closer(maker)).join();
        });
    assertEquals(List.of("maker ended", "worker ended", "closed"), maker.notes);
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.error.CancelledException;
import dev.weft.error.Errno;
import dev.weft.error.ScopeExpiredException;
import dev.weft.error.TaskFailedException;
import dev.weft.micro.FiberCallMode.Actor;
import dev.weft.sync.Channel;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What ends the waits of micro-threads in fiber calls, and what does not. */
@Tag("needs-weaving") // and runs in each form
@Timeout(60)
class FiberCallEndTest {
  private static final Duration SHORT = Duration.ofMillis(1);

  /** Receives two values, and lowers an error raised meanwhile if {@code lowers}. */
  private static final class Receiver extends Actor {
    final Channel<String> channel;
    final Channel<String> other = Channel.buffered(1);
    private final boolean lowers;
    boolean receivesInLastly;

    Receiver(Channel<String> channel, boolean lowers) {
      super("receiver");
      this.channel = channel;
      this.lowers = lowers;
    }

    @Override
    protected void run() {
      note(channel.receive());
      note(channel.receive());
    }

    @Override
    protected void lastly() {
      note(errno());
      if (receivesInLastly && errno() != null) {
        note(other.receive());
      }
      if (lowers && errno() != null) {
        lower();
      }
    }
  }

  /** Raises an error in a receiver that waits, and sends. */
  private static final class Raiser extends Actor {
    private final Receiver receiver;
    private final boolean sendsBefore;

    Raiser(Receiver receiver, boolean sendsBefore) {
      super("raiser");
      this.receiver = receiver;
      this.sendsBefore = sendsBefore;
    }

    @Override
    protected void run() throws Exception {
      child(receiver);
      play(receiver);
      Fiber.yield();
      raiseAt(receiver, Errno.EAGAIN);
      if (sendsBefore) {
        note(receiver.channel.trySend("first"));
        return;
      }
      Fiber.yield();
      if (receiver.receivesInLastly) {
        note(receiver.channel.trySend("first"));
        receiver.other.send("in lastly");
        receiver.channel.send("second");
        return;
      }
      note(receiver.channel.trySend("first"));
      Fiber.yield();
      note(receiver.channel.trySend("second"));
    }
  }

  @ParameterizedTest
  @EnumSource
  void loweringAnErrorReturnsToTheInterruptedCall(FiberCallMode mode) throws Exception {
    mode.run(
        () -> {
          Receiver receiver = new Receiver(Channel.rendezvous(), true);

          mode.start(new Raiser(receiver, false)).join();

          assertEquals(List.of("EAGAIN", "first", "second", "null"), receiver.notes);
        });
  }

  @ParameterizedTest
  @EnumSource
  void lastlyMayMakeCallsWhileTheBodyIsInACall(FiberCallMode mode) throws Exception {
    mode.run(
        () -> {
          Receiver receiver = new Receiver(Channel.rendezvous(), true);
          receiver.receivesInLastly = true;

          mode.start(new Raiser(receiver, false)).join();

          assertEquals(List.of("EAGAIN", "in lastly", "first", "second", "null"), receiver.notes);
        });
  }

  @ParameterizedTest
  @EnumSource
  void anErrorThatIsNotLoweredEndsTheThreadsCall(FiberCallMode mode) throws Exception {
    mode.run(
        () -> {
          Receiver receiver = new Receiver(Channel.rendezvous(), false);
          Raiser raiser = new Raiser(receiver, false);

          mode.start(raiser).join();

          assertEquals(List.of("EAGAIN"), receiver.notes);
          assertEquals(List.of("false", "false"), raiser.notes);
        });
  }

  @ParameterizedTest
  @EnumSource
  void aValueDeliveredBeforeTheEndIsReceived(FiberCallMode mode) throws Exception {
    mode.run(
        () -> {
          Receiver receiver = new Receiver(Channel.rendezvous(), false);
          Raiser raiser = new Raiser(receiver, true);

          mode.start(raiser).join();

          assertEquals(List.of("true"), raiser.notes);
          assertEquals(List.of("EAGAIN", "first"), receiver.notes);
        });
  }

  @ParameterizedTest
  @EnumSource
  void aKilledProcessReceivesNoFurtherValue(FiberCallMode mode) throws Exception {
    List<String> log =
        mode.run(
            () -> {
              Channel<String> channel = Channel.rendezvous();
              Receiver killed = new Receiver(channel, true);
              MicroProcess process = mode.start(killed);
              Fiber.yield();
              Receiver living = new Receiver(channel, true);
              MicroProcess next = mode.start(living);
              Fiber.yield();

              process.kill();
              process.join();
              channel.send("first");
              channel.send("second");
              next.join();

              assertEquals(List.of("EINTR"), killed.notes);
              assertEquals(List.of("first", "second", "null"), living.notes);
            });

    assertEquals(List.of(), log);
  }

  /** Waits again after its deadline has passed. */
  private static final class Late extends Actor {
    private final Channel<String> channel = Channel.rendezvous();

    Late() {
      super("late");
    }

    @Override
    protected void run() {
      deadline(Deadline.after(SHORT));
      note(channel.receive());
    }

    @Override
    protected void lastly() {
      note(errno());
      if (errno() == Errno.ETIMEDOUT) {
        lower();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void theDeadlineOfAThreadEndsItsFiberCalls(FiberCallMode mode) throws Exception {
    mode.run(
        () -> {
          Late late = new Late();
          MicroProcess process = mode.start(late);
          while (late.notes.isEmpty()) {
            Fiber.yield();
          }

          late.channel.send("after it");
          process.join();

          assertEquals(List.of("ETIMEDOUT", "after it", "null"), late.notes);
        });
  }

  private enum Wait {
    RECEIVE,
    SLEEP,
    PAUSE,
    READ,
    LISTEN,
    REQUEST,
    LOCKED_OUT
  }

  /** Makes a call in a scope that would wait indefinitely. */
  private abstract static class Scoped extends Actor {
    private final Wait wait;

    Scoped(Wait wait) {
      super("scoped");
      this.wait = wait;
    }

    abstract Bundle open();

    @Override
    protected void run() throws Exception {
      Idler idler = new Idler();
      child(idler);
      try (Bundle scope = open()) {
        waitFor(idler);
        note("not reached in " + scope);
      } catch (ScopeExpiredException | TaskFailedException e) {
        note(e.getClass().getSimpleName());
      }
      idler.isOver = true;
      call(idler);
    }

    private void waitFor(Idler idler) throws Exception {
      switch (wait) {
        case RECEIVE -> Channel.rendezvous().receive();
        case SLEEP -> Fiber.sleep(Duration.ofHours(1));
        case PAUSE -> pause();
        case READ -> read(calloc(1, 1), 1);
        case LISTEN -> listen();
        case REQUEST -> request(idler, new MicroRequest<Integer, Integer>(), 1);
        case LOCKED_OUT -> {
          note("first");
          try {
            Fiber.sleep(Duration.ofHours(1));
          } catch (ScopeExpiredException | TaskFailedException e) {
            pause(); // still in the scope: throws again
          }
        }
      }
    }
  }

  /** Pauses until it is ended. */
  private static final class Idler extends Actor {
    boolean isOver;

    Idler() {
      super("idler");
    }

    @Override
    protected void run() {
      while (!isOver) {
        pause();
      }
    }
  }

  private static final class InTime extends Scoped {
    InTime(Wait wait) {
      super(wait);
    }

    @Override
    Bundle open() {
      return Bundle.open(Deadline.after(SHORT));
    }
  }

  private static final class WithAChildThatFails extends Scoped {
    WithAChildThatFails(Wait wait) {
      super(wait);
    }

    @Override
    Bundle open() {
      Bundle bundle = Bundle.open();
      bundle.go(
          () -> {
            Fiber.sleep(SHORT);
            throw new IOException("the child's");
          });
      return bundle;
    }
  }

  private static void ends(FiberCallMode mode, Scoped scoped, String with) throws Exception {
    scoped.note("begins");
    try (SystemPipe in = SystemPipe.open()) {
      mode.run(() -> mode.start(scoped, in.reading).join());
    }

    scoped.notes.remove("first");
    assertEquals(List.of("begins", with), scoped.notes);
  }

  @ParameterizedTest
  @EnumSource
  void theDeadlineOfAScopeEndsAllWaitsInIt(FiberCallMode mode) throws Exception {
    for (Wait wait : Wait.values()) {
      ends(mode, new InTime(wait), "ScopeExpiredException");
    }
  }

  @ParameterizedTest
  @EnumSource
  void theFailureOfABundleEndsAllWaitsInIt(FiberCallMode mode) throws Exception {
    // A thread that nothing outside the process can wake is ended: a child's sleep does not count.
    for (Wait wait : List.of(Wait.RECEIVE, Wait.SLEEP, Wait.READ, Wait.LOCKED_OUT)) {
      ends(mode, new WithAChildThatFails(wait), "TaskFailedException");
    }
  }

  /** Does not wait while its child fails. */
  private static final class Busy extends Actor {
    private static final int MORE_THAN_A_TURN = 1_000;

    Busy() {
      super("busy");
    }

    @Override
    protected void run() throws Exception {
      try (Bundle bundle = Bundle.open()) {
        bundle.go(
            () -> {
              throw new IOException("the child's");
            });
        for (int i = 0; i < MORE_THAN_A_TURN; i++) {
          suspend(MicroStatus.YIELD);
        }
        note("done");
      } catch (TaskFailedException e) {
        note(e.getCause().getMessage());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aFailureNotThrownByACallIsThrownByClose(FiberCallMode mode) throws Exception {
    mode.run(
        () -> {
          Busy busy = new Busy();

          mode.start(busy).join();

          assertEquals(List.of("done", "the child's"), busy.notes);
        });
  }

  /** Waits in a fiber call, and makes others in its cleanup. */
  private static final class Cleaner extends Actor {
    private final Channel<String> channel;

    Cleaner(Channel<String> channel) {
      super("cleaner");
      this.channel = channel;
    }

    @Override
    protected void run() throws Exception {
      try {
        channel.receive();
      } catch (CancelledException e) {
        note("cancelled");
        throw e;
      } finally {
        Fiber.shielded(Deadline.after(Duration.ofHours(1)), () -> note(channel.receive()));
        try {
          channel.receive();
        } catch (CancelledException e) {
          note("cancelled again");
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aKillWaitsForAShieldedCleanup(FiberCallMode mode) throws Exception {
    mode.run(
        () -> {
          Channel<String> channel = Channel.rendezvous();
          Cleaner cleaner = new Cleaner(channel);
          MicroProcess process = mode.start(cleaner);
          Fiber.yield();

          process.kill();
          Fiber.yield();
          Fiber.yield();
          assertFalse(process.isEnded());
          channel.send("shielded");
          process.join();

          assertEquals(List.of("cancelled", "shielded", "cancelled again"), cleaner.notes);
        });
  }

  /** Fails after a fiber call. */
  private static final class Faulty extends Actor {
    private final Channel<String> channel;

    Faulty(Channel<String> channel) {
      super("faulty");
      this.channel = channel;
    }

    @Override
    protected void run() {
      String received = channel.receive();
      note(received);
      if (received.equals("bad")) {
        throw new IllegalStateException(received);
      }
    }

    @Override
    protected void lastly() {
      if (errno() != null) {
        lower();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aThreadThatFailsAfterAFiberCallIsRestarted(FiberCallMode mode) throws Exception {
    mode.run(
        () -> {
          Channel<String> channel = Channel.rendezvous();
          Faulty faulty = new Faulty(channel);
          MicroProcess process = mode.start(faulty);

          channel.send("bad");
          channel.send("good");
          process.join();

          assertEquals(List.of("bad", "good"), faulty.notes);
        });
  }
}

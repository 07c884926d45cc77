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
import dev.weft.micro.Meetings.Actor;
import dev.weft.sync.Channel;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What ends the waits of micro-threads in the calls of fibers, and what does not. */
@Tag("needs-weaving") // and runs in each form
@Timeout(60)
class MeetingEndTest {
  private static final Duration SHORT = Duration.ofMillis(1);

  /** Receives two values, and lowers what is raised at it meanwhile if it is to. */
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

  /** Raises an error at a receiver when that waits, and sends. */
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
  void anErrorThatIsLoweredLeadsBackIntoTheCall(Meetings meeting) throws Exception {
    meeting.run(
        () -> {
          Receiver receiver = new Receiver(Channel.rendezvous(), true);

          meeting.start(new Raiser(receiver, false)).join();

          assertEquals(List.of("EAGAIN", "first", "second", "null"), receiver.notes);
        });
  }

  @ParameterizedTest
  @EnumSource
  void lastlyMayMakeCallsWhileTheBodyIsInOne(Meetings meeting) throws Exception {
    meeting.run(
        () -> {
          Receiver receiver = new Receiver(Channel.rendezvous(), true);
          receiver.receivesInLastly = true;

          meeting.start(new Raiser(receiver, false)).join();

          assertEquals(List.of("EAGAIN", "in lastly", "first", "second", "null"), receiver.notes);
        });
  }

  @ParameterizedTest
  @EnumSource
  void anErrorThatIsNotLoweredTakesTheThreadOutOfItsCall(Meetings meeting) throws Exception {
    meeting.run(
        () -> {
          Receiver receiver = new Receiver(Channel.rendezvous(), false);
          Raiser raiser = new Raiser(receiver, false);

          meeting.start(raiser).join();

          assertEquals(List.of("EAGAIN"), receiver.notes);
          assertEquals(List.of("false", "false"), raiser.notes);
        });
  }

  @ParameterizedTest
  @EnumSource
  void whatHasBeenHandedOverBeforeTheEndIsReceived(Meetings meeting) throws Exception {
    meeting.run(
        () -> {
          Receiver receiver = new Receiver(Channel.rendezvous(), false);
          Raiser raiser = new Raiser(receiver, true);

          meeting.start(raiser).join();

          assertEquals(List.of("true"), raiser.notes);
          assertEquals(List.of("EAGAIN", "first"), receiver.notes);
        });
  }

  @ParameterizedTest
  @EnumSource
  void aProcessThatWasKilledReceivesNothingMore(Meetings meeting) throws Exception {
    List<String> log =
        meeting.run(
            () -> {
              Channel<String> channel = Channel.rendezvous();
              Receiver killed = new Receiver(channel, true);
              MicroProcess process = meeting.start(killed);
              Fiber.yield();
              Receiver living = new Receiver(channel, true);
              MicroProcess next = meeting.start(living);
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

  /** Waits on after its time. */
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
  void theDeadlineOfAThreadReachesItsCalls(Meetings meeting) throws Exception {
    meeting.run(
        () -> {
          Late late = new Late();
          MicroProcess process = meeting.start(late);
          while (late.notes.isEmpty()) {
            Fiber.yield();
          }

          late.channel.send("after it");
          process.join();

          assertEquals(List.of("ETIMEDOUT", "after it", "null"), late.notes);
        });
  }

  private enum Word {
    RECEIVE,
    SLEEP,
    PAUSE,
    READ,
    LISTEN,
    REQUEST,
    LOCKED_OUT
  }

  /** Waits for what does not come, in a scope. */
  private abstract static class Scoped extends Actor {
    private final Word word;

    Scoped(Word word) {
      super("scoped");
      this.word = word;
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
      switch (word) {
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
            pause(); // in the scope still: it is told once more
          }
        }
      }
    }
  }

  /** Never does anything. */
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
    InTime(Word word) {
      super(word);
    }

    @Override
    Bundle open() {
      return Bundle.open(Deadline.after(SHORT));
    }
  }

  private static final class WithAChildThatFails extends Scoped {
    WithAChildThatFails(Word word) {
      super(word);
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

  private static void ends(Meetings meeting, Scoped scoped, String with) throws Exception {
    scoped.note("begins");
    try (SystemPipe in = SystemPipe.open()) {
      meeting.run(() -> meeting.start(scoped, in.reading).join());
    }

    scoped.notes.remove("first");
    assertEquals(List.of("begins", with), scoped.notes);
  }

  @ParameterizedTest
  @EnumSource
  void theDeadlineOfAScopeEndsAllWaitsInIt(Meetings meeting) throws Exception {
    for (Word word : Word.values()) {
      ends(meeting, new InTime(word), "ScopeExpiredException");
    }
  }

  @ParameterizedTest
  @EnumSource
  void theFailureOfABundleEndsAllWaitsInIt(Meetings meeting) throws Exception {
    // A thread that waits for nobody outside is reaped: the sleep of a child does not count.
    for (Word word : List.of(Word.RECEIVE, Word.SLEEP, Word.READ, Word.LOCKED_OUT)) {
      ends(meeting, new WithAChildThatFails(word), "TaskFailedException");
    }
  }

  /** Never waits while a child of it fails. */
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
  void aFailureThatNoWordHasToldIsNotLost(Meetings meeting) throws Exception {
    meeting.run(
        () -> {
          Busy busy = new Busy();

          meeting.start(busy).join();

          assertEquals(List.of("done", "the child's"), busy.notes);
        });
  }

  /** Waits in a call, and cleans up by others. */
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
  void aShieldedCleanupIsWaitedFor(Meetings meeting) throws Exception {
    meeting.run(
        () -> {
          Channel<String> channel = Channel.rendezvous();
          Cleaner cleaner = new Cleaner(channel);
          MicroProcess process = meeting.start(cleaner);
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

  /** Fails after a call of fibers. */
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
  void aThreadThatFailsAfterACallBeginsAnew(Meetings meeting) throws Exception {
    meeting.run(
        () -> {
          Channel<String> channel = Channel.rendezvous();
          Faulty faulty = new Faulty(channel);
          MicroProcess process = meeting.start(faulty);

          channel.send("bad");
          channel.send("good");
          process.join();

          assertEquals(List.of("bad", "good"), faulty.notes);
        });
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The order in which micro-threads run. */
@Tag("needs-weaving") // and runs in each form
class ControlTest {
  private static final List<String> LOG = new ArrayList<>();

  /** Logs its name each time that it runs. */
  private static final class Named extends MicroThread {
    private final String name;
    private final MicroStatus then;

    Named(String name, MicroStatus then) {
      this.name = name;
      this.then = then;
    }

    @Override
    protected void run() throws Exception {
      LOG.add(name + 1);
      suspend(then);
      LOG.add(name + 2);
    }
  }

  private static List<String> logOf(ExecutionMode mode, MicroThread main) throws Exception {
    LOG.clear();
    mode.run(main);
    return List.copyOf(LOG);
  }

  @Test
  void theseTestsAreWoven() throws Exception {
    Class<?> context = Class.forName("dev.weft.routine.codegen.Context");

    assertEquals(Named.class, Named.class.getDeclaredMethod("resume", context).getDeclaringClass());
  }

  private static final class Players extends MicroThread {
    @Override
    protected void run() {
      Named one = new Named("a", MicroStatus.RUN);
      Named two = new Named("b", MicroStatus.RUN);
      child(one);
      child(two);
      play(one);
      play(two);
      play(one);
      LOG.add("main");
      pause();
      LOG.add("not reached");
    }
  }

  @ParameterizedTest
  @EnumSource
  void playedThreadsRunInOrderOnceEachAndRunBypassesTheQueue(ExecutionMode mode) throws Exception {
    assertEquals(List.of("main", "a1", "a2", "b1", "b2"), logOf(mode, new Players()));
  }

  /** Passes control in all ways while one played thread is alone in the queue. */
  private static final class PlaysAndCalls extends MicroThread {
    @Override
    protected void run() throws Exception {
      Named played = new Named("played", MicroStatus.RUN);
      Named called = new Named("called", MicroStatus.RUN);
      Named last = new Named("last", MicroStatus.RUN);
      child(played);
      child(called);
      child(last);
      play(played);
      suspend(MicroStatus.RUN);
      LOG.add("main");
      play(last);
      call(called);
    }
  }

  @ParameterizedTest
  @EnumSource
  void runAndCallRunBeforeAThreadThatIsAloneInTheQueue(ExecutionMode mode) throws Exception {
    assertEquals(
        List.of("main", "called1", "called2", "played1", "played2", "last1", "last2"),
        logOf(mode, new PlaysAndCalls()));
  }

  /** Ends while one played thread is alone in the queue. */
  private static final class PlaysAndEnds extends MicroThread {
    @Override
    protected void run() {
      Named played = new Named("played", MicroStatus.RUN);
      child(played);
      play(played);
    }

    @Override
    protected void lastly() {
      LOG.add("lastly");
    }
  }

  @ParameterizedTest
  @EnumSource
  void lastlyRunsBeforeAThreadThatIsAloneInTheQueue(ExecutionMode mode) throws Exception {
    assertEquals(List.of("lastly", "played1", "played2"), logOf(mode, new PlaysAndEnds()));
  }

  /** Has another thread, which does not run, play a third. */
  private static final class PlaysThroughAnother extends MicroThread {
    @Override
    protected void run() {
      Named played = new Named("played", MicroStatus.RUN);
      Proxy proxy = new Proxy(played);
      child(played);
      child(proxy);
      proxy.playFor();
    }
  }

  private static final class Proxy extends MicroThread {
    private final MicroThread third;

    Proxy(MicroThread third) {
      this.third = third;
    }

    void playFor() {
      play(third);
    }

    @Override
    protected void run() {}
  }

  @ParameterizedTest
  @EnumSource
  void aThreadPlayedThroughAnotherThatDoesNotRunIsPlayed(ExecutionMode mode) throws Exception {
    assertEquals(List.of("played1", "played2"), logOf(mode, new PlaysThroughAnother()));
  }

  private static final class Yielders extends MicroThread {
    @Override
    protected void run() {
      for (String name : List.of("a", "b")) {
        Named thread = new Named(name, MicroStatus.YIELD);
        child(thread);
        play(thread);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = "REACTOR.*")
  void aYieldingThreadGoesToTheEndOfTheQueue(ExecutionMode mode) throws Exception {
    assertEquals(List.of("a1", "b1", "a2", "b2"), logOf(mode, new Yielders()));
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = "LOCAL.*")
  void yieldReturnsToTheCallerOfTheLocalExecutor(ExecutionMode mode) throws Exception {
    assertEquals(List.of("a1", "b1"), logOf(mode, new Yielders()));
  }

  private static final class Caller extends MicroThread {
    @Override
    protected void run() throws Exception {
      Named called = new Named("called", MicroStatus.LISTEN);
      Named queued = new Named("queued", MicroStatus.LISTEN);
      child(called);
      child(queued);
      play(queued);
      call(called);
      LOG.add("not reached");
    }
  }

  @ParameterizedTest
  @EnumSource
  void aCalledThreadRunsBeforePlayedOnes(ExecutionMode mode) throws Exception {
    assertEquals(List.of("called1", "queued1"), logOf(mode, new Caller()));
  }

  private static final class PlaysTheEnded extends MicroThread {
    @Override
    protected void run() throws Exception {
      Named ended = new Named("ended", MicroStatus.END);
      child(ended);
      play(ended);
      suspend(MicroStatus.RUN);
      play(this); // so that the pause returns after the other thread has run
      pause();
      LOG.add(ended.status().toString());
      play(ended);
    }
  }

  @ParameterizedTest
  @EnumSource
  void endEndsAThreadAndPlayingAnEndedThreadDoesNothing(ExecutionMode mode) throws Exception {
    assertEquals(List.of("ended1", "END"), logOf(mode, new PlaysTheEnded()));
  }

  private static final class Depth extends MicroThread {
    int sum;

    @Override
    protected void run() throws Exception {
      sum = descend(20);
    }

    private int descend(int depth) throws Exception {
      suspend(MicroStatus.RUN);
      return depth == 0 ? 0 : depth + descend(depth - 1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void callsSuspendAtAnyDepth(ExecutionMode mode) throws Exception {
    Depth depth = new Depth();

    mode.run(depth);

    assertEquals(210, depth.sum);
  }

  private static final class Parked extends MicroThread {
    @Override
    protected void run() {
      try {
        pause();
      } finally {
        LOG.add("finally");
      }
    }

    @Override
    protected void lastly() {
      LOG.add("lastly " + errno());
    }
  }

  @ParameterizedTest
  @EnumSource
  void aDeadlockedThreadIsReportedAndRunsItsFinallyBlocks(ExecutionMode mode) throws Exception {
    LOG.clear();
    List<String> log = mode.run(new Parked()).log();

    assertEquals(List.of("lastly EINTR", "finally"), LOG);
    assertTrue(
        log.stream().anyMatch(line -> line.contains("deadlocked threads: Parked YIELD")),
        log::toString);
  }

  private static final class Spinner extends MicroThread {
    private final Spinner other;
    int turns;

    Spinner(Spinner other) {
      this.other = other;
    }

    @Override
    protected void run() throws Exception {
      while (turns < 10_000) {
        turns++;
        LOG.add(name());
        suspend(MicroStatus.RUN);
        if (other != null && other.turns > 0 && turns < 10_000) {
          LOG.add("other has run before " + turns);
          return;
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = "REACTOR.*")
  void aProcessThatNeverWaitsYieldsAfterItsBudget(ExecutionMode mode) throws Exception {
    LOG.clear();
    Spinner second = new Spinner(null);
    Spinner first = new Spinner(second);
    try (dev.weft.Reactor reactor = dev.weft.Reactor.open()) {
      reactor.run(
          () -> {
            dev.weft.micro.MicroProcess.start(first, mode.options().withBudget(7));
            dev.weft.micro.MicroProcess.start(second, mode.options().withBudget(7));
          });
    }

    assertTrue(LOG.contains("other has run before 7"), () -> first.turns + " turns");
  }

  @Test
  void aThreadIsInOneProcessOnly() {
    Named once = new Named("a", MicroStatus.END);
    dev.weft.micro.MicroProcess.runLocal(once, 26);

    assertThrows(IllegalStateException.class, () -> dev.weft.micro.MicroProcess.runLocal(once, 26));
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Deadline;
import dev.weft.Reactor;
import dev.weft.error.Errno;
import dev.weft.internal.micro.run.ThreadControl;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.EventLoop;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Waits with a deadline in threads that end first. */
class MicroSleepTest {
  private static final long AN_HOUR = Duration.ofHours(1).toNanos();
  private static final MicroOptions OPTIONS = MicroOptions.ofPages(20).withStackful(true);

  private static final class Sleeper extends MicroThread {
    private final boolean lowers;
    int wakes;

    Sleeper(boolean lowers) {
      this.lowers = lowers;
    }

    @Override
    protected void run() {
      process().control.timers().sleep(control, AN_HOUR);
      ThreadControl.park();
      wakes++;
    }

    @Override
    protected void lastly() {
      if (lowers && errno() != null) {
        lower();
      }
    }
  }

  private static final class Waker extends MicroThread {
    final Sleeper sleeper;

    Waker(boolean lowers) {
      sleeper = new Sleeper(lowers);
    }

    @Override
    protected void run() throws Exception {
      child(sleeper);
      play(sleeper);
      suspend(MicroStatus.YIELD); // until the sleeper sleeps
      raiseAt(sleeper, Errno.EINTR);
    }
  }

  /** Runs a process to its end; returns the reactor's next timer deadline. */
  private static long dueAfter(Waker waker) throws Exception {
    long[] due = new long[1];
    try (Reactor reactor = Reactor.open()) {
      reactor.run(
          () -> {
            MicroProcess process = MicroProcess.start(waker, OPTIONS);
            process.join(Deadline.after(Duration.ofSeconds(20)));
            assertTrue(process.isEnded());
            due[0] = EventLoop.require("test").timers().nextDeadline();
          });
    }
    return due[0];
  }

  @Test
  void aThreadThatEndsWhileItSleepsLeavesNoTimer() throws Exception {
    assertEquals(TimerQueue.NEVER, dueAfter(new Waker(false)));
  }

  @Test
  void aSleeperThatLowersAnErrorContinuesAndLeavesNoTimer() throws Exception {
    Waker waker = new Waker(true);

    assertEquals(TimerQueue.NEVER, dueAfter(waker));
    assertEquals(1, waker.sleeper.wakes);
  }
}

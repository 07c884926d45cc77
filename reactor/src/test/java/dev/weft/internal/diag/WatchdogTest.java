// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.diag;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.FiberKind;
import dev.weft.ReactorOptions;
import dev.weft.internal.backend.uring.UringBackend;
import dev.weft.internal.queue.Clock;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What the watchdog makes of what it sees, by a clock of the test's. */
class WatchdogTest {
  private static final long LIMIT = 1_000;

  private final List<String> stalls = new ArrayList<>();
  private final AtomicInteger step = new AtomicInteger();

  private void stalled(String name, Thread.State state, StackTraceElement[] stack, long nanos) {
    boolean inPlace =
        List.of(stack).stream().anyMatch(frame -> frame.getMethodName().equals("spinUntil"));
    stalls.add(name + " " + state + " " + nanos + (inPlace ? " in spinUntil" : ""));
  }

  private void spinUntil(int wanted) {
    while (step.get() < wanted) {
      Thread.onSpinWait();
    }
  }

  /** What the watchdog does meanwhile, on a thread of its own. */
  private interface Looks {
    void run(Watchdog.Watch watch);
  }

  /** Runs {@code body} as a strand, and beside it {@code looks}. */
  private void run(Runnable body, Looks looks) throws Exception {
    boolean baton = ReactorOptions.defaults().fiberKind() == FiberKind.BATON;
    UringBackend backend = UringBackend.open(8, 32);
    EventLoop loop = new EventLoop(this, backend, Clock.SYSTEM, baton, failure -> {});
    Watchdog.Watch watch = new Watchdog.Watch(loop, LIMIT, this::stalled);
    FutureTask<?> looker =
        new FutureTask<>(
            () -> {
              try {
                looks.run(watch);
              } finally {
                step.set(Integer.MAX_VALUE); // whatever it has found, the strand is to end
              }
            },
            null);
    loop.start(
        new Strand.Body() {
          @Override
          public void run() {
            body.run();
          }

          @Override
          public void ended() {}

          @Override
          public String toString() {
            return "busy";
          }
        },
        "busy",
        false,
        TimerQueue.NEVER);
    Thread.ofPlatform().start(looker);
    loop.run();
    looker.get();
    loop.close();
  }

  @Test
  void aStallIsReportedOnceWhenItHasLastedForTheLimit() throws Exception {
    run(
        () -> {
          step.set(1);
          spinUntil(2);
        },
        watch -> {
          spinUntil(1);
          watch.look(0);
          watch.look(LIMIT - 1);
          assertEquals(List.of(), stalls);
          watch.look(LIMIT);
          watch.look(2 * LIMIT);
          step.set(2);
        });
    assertEquals(List.of("busy RUNNABLE 1000 in spinUntil"), stalls);
  }

  @Test
  void aStrandThatHasGoneOnMeanwhileIsNotReported() throws Exception {
    run(
        () -> {
          step.set(1);
          spinUntil(2);
          Strand.require("yield").yieldNow();
          step.set(3);
          spinUntil(4);
        },
        watch -> {
          spinUntil(1);
          watch.look(0);
          step.set(2);
          spinUntil(3);
          watch.look(LIMIT);
          watch.look(2 * LIMIT - 1);
          step.set(4);
        });
    assertEquals(List.of(), stalls);
  }
}

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

/** Which stalls the watchdog reports, with times that the test gives. */
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

  /** The watchdog's checks, on a thread of their own. */
  private interface Checks {
    void run(Watchdog.Watch watch);
  }

  /** Runs {@code body} as a strand, and {@code checks} on another thread. */
  private void run(Runnable body, Checks checks) throws Exception {
    boolean baton = ReactorOptions.defaults().fiberKind() == FiberKind.BATON;
    UringBackend backend = UringBackend.open(8, 32);
    EventLoop loop = new EventLoop(this, backend, Clock.SYSTEM, baton, failure -> {});
    Watchdog.Watch watch = new Watchdog.Watch(loop, LIMIT, this::stalled);
    FutureTask<?> checker =
        new FutureTask<>(
            () -> {
              try {
                checks.run(watch);
              } finally {
                step.set(Integer.MAX_VALUE); // ends the strand, also after a failure
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
    Thread.ofPlatform().start(checker);
    loop.run();
    checker.get();
    loop.close();
  }

  @Test
  void aStallIsReportedOnceAfterTheLimit() throws Exception {
    run(
        () -> {
          step.set(1);
          spinUntil(2);
        },
        watch -> {
          spinUntil(1);
          watch.check(0);
          watch.check(LIMIT - 1);
          assertEquals(List.of(), stalls);
          watch.check(LIMIT);
          watch.check(2 * LIMIT);
          step.set(2);
        });
    assertEquals(List.of("busy RUNNABLE 1000 in spinUntil"), stalls);
  }

  @Test
  void aStrandThatWasResumedMeanwhileIsNotReported() throws Exception {
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
          watch.check(0);
          step.set(2);
          spinUntil(3);
          watch.check(LIMIT);
          watch.check(2 * LIMIT - 1);
          step.set(4);
        });
    assertEquals(List.of(), stalls);
  }
}

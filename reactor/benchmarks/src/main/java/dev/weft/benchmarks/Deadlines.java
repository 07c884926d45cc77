// SPDX-License-Identifier: Apache-2.0
package dev.weft.benchmarks;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.sync.Channel;
import java.time.Duration;
import java.util.Random;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** The cost of a deadline that does not expire, as nearly all of them. */
public class Deadlines extends NanosPerOperation {
  private static final int TIMES = 100_000;
  private static final long HOUR_NANOS = 3_600_000_000_000L;

  private static final class Counting extends TimerQueue.Timer {
    @Override
    protected void expired() {
      throw new AssertionError("none of them comes");
    }
  }

  /** The number of deadlines that stay armed. */
  @Param({"0", "100000"})
  private int armed;

  private final TimerQueue queue = new TimerQueue();
  private final TimerQueue.Timer[] timers = new TimerQueue.Timer[1024];
  private final long[] dues = new long[1024];

  /** Fills the queue in random order. */
  @Setup
  public void arm() {
    Random random = new Random(1);
    for (int i = 0; i < armed; i++) {
      queue.arm(new Counting(), HOUR_NANOS + random.nextLong(HOUR_NANOS));
    }
    for (int i = 0; i < timers.length; i++) {
      timers[i] = new Counting();
      dues[i] = HOUR_NANOS + random.nextLong(HOUR_NANOS);
    }
  }

  /** Arming and disarming, one timer after another, each time later than the last. */
  @Benchmark
  @OperationsPerInvocation(TIMES)
  public long armAndDisarm() {
    for (int i = 0; i < TIMES; i++) {
      TimerQueue.Timer timer = timers[i & 1023];
      long due = dues[i & 1023] + i;
      queue.arm(timer, due);
      queue.disarm(timer);
    }
    return queue.nextDeadline();
  }

  /** The same, and every 64 times the queue is asked for the next deadline, as by an event loop. */
  @Benchmark
  @OperationsPerInvocation(TIMES)
  public long armDisarmAndAsk() {
    long sum = 0;
    for (int i = 0; i < TIMES; i++) {
      TimerQueue.Timer timer = timers[i & 1023];
      queue.arm(timer, dues[i & 1023] + i);
      queue.disarm(timer);
      if ((i & 63) == 0) {
        sum += queue.nextDeadline();
      }
    }
    return sum;
  }

  /** A rendezvous with a deadline for each receive: to be compared with {@link Channels}. */
  @Benchmark
  @OperationsPerInvocation(TIMES)
  public void rendezvous(ReactorState reactor) throws Exception {
    reactor.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            bundle.go(
                () -> {
                  for (int i = 0; i < TIMES; i++) {
                    channel.send(1);
                  }
                });
            int sum = 0;
            Deadline deadline = Deadline.after(Duration.ofHours(1));
            for (int i = 0; i < TIMES; i++) {
              sum += channel.receive(deadline);
            }
            if (sum != TIMES) {
              throw new AssertionError(sum);
            }
          }
        });
  }
}

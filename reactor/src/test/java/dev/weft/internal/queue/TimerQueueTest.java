// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Uncaught;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("mode-independent")
class TimerQueueTest {
  private final TimerQueue queue = new TimerQueue();
  private final List<String> log = new ArrayList<>();

  private final class Named extends TimerQueue.Timer {
    final String name;

    Named(String name) {
      this.name = name;
    }

    @Override
    protected void expired() {
      assertFalse(isArmed());
      log.add(name);
    }
  }

  @Test
  void aTimerThatThrowsDoesNotPreventOthers() {
    queue.arm(new Named("t1"), 1);
    queue.arm(
        new TimerQueue.Timer() {
          @Override
          protected void expired() {
            throw new OutOfMemoryError("planted");
          }
        },
        2);
    queue.arm(new Named("t3"), 3);

    try (Uncaught uncaught = new Uncaught()) {
      assertEquals(3, queue.expire(3));
      assertEquals(List.of("planted"), uncaught.messages());
    }
    assertEquals(List.of("t1", "t3"), log);
    assertEquals(0, queue.size());
  }

  @Test
  void timersExpireInTheOrderOfTheirTimes() {
    for (int due : new int[] {5, 1, 4, 2, 3}) {
      queue.arm(new Named("t" + due), due);
    }

    assertEquals(1, queue.nextDeadline());
    assertEquals(3, queue.expire(3));
    assertEquals(List.of("t1", "t2", "t3"), log);
    assertEquals(4, queue.nextDeadline());
    assertEquals(2, queue.expire(100));
    assertEquals(TimerQueue.NEVER, queue.nextDeadline());
  }

  @Test
  void aNanosecondMakesADifference() {
    long now = System.nanoTime();
    queue.arm(new Named("later"), now + 1);
    queue.arm(new Named("now"), now);

    assertEquals(1, queue.expire(now));
    assertEquals(List.of("now"), log);
    assertEquals(now + 1, queue.nextDeadline());
  }

  @Test
  void aDisarmedTimerDoesNotExpireAndDelaysNoOther() {
    Named timer = new Named("t");
    queue.arm(timer, 10);
    queue.disarm(timer);

    assertEquals(TimerQueue.NEVER, queue.nextDeadline());
    assertEquals(0, queue.expire(100));
  }

  @Test
  void rearmingForLaterMovesTheExpiry() {
    Named timer = new Named("t");
    queue.arm(timer, 10);
    queue.disarm(timer);
    queue.arm(timer, 20);

    assertEquals(1, queue.size(), "the entry is used again");
    assertEquals(0, queue.expire(15));
    assertEquals(20, queue.nextDeadline());
    assertEquals(1, queue.expire(20));
  }

  @Test
  void rearmingForEarlierMovesTheExpiry() {
    Named timer = new Named("t");
    queue.arm(new Named("other"), 15);
    queue.arm(timer, 20);
    queue.arm(timer, 10);

    assertEquals(1, queue.expire(10));
    assertEquals(List.of("t"), log);
  }

  @Test
  void aTimerMayArmItselfAgainWhenItExpires() {
    TimerQueue.Timer timer =
        new TimerQueue.Timer() {
          private int times;

          @Override
          protected void expired() {
            if (++times < 3) {
              queue.arm(this, times * 10L);
            }
          }
        };
    queue.arm(timer, 0);

    assertEquals(3, queue.expire(100));
    assertEquals(0, queue.size());
  }

  /** Compares random operations with those on a list that is sorted each time. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void theQueueBehavesLikeASortedList(long seed) {
    Random random = new Random(seed);
    List<Named> timers = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      timers.add(new Named("t" + i));
    }
    long now = 0;
    for (int step = 0; step < 10_000; step++) {
      Named timer = timers.get(random.nextInt(timers.size()));
      switch (random.nextInt(5)) {
        case 0, 1 -> queue.arm(timer, now + random.nextInt(50));
        case 2 -> queue.disarm(timer);
        case 3 -> queue.remove(timer);
        default -> now = advance(timers, now + random.nextInt(10));
      }
      long next =
          timers.stream().mapToLong(TimerQueue.Timer::deadline).min().orElse(TimerQueue.NEVER);
      assertEquals(next, queue.nextDeadline(), "seed " + seed + " step " + step);
      assertTrue(queue.size() <= timers.size());
    }
  }

  private long advance(List<Named> timers, long now) {
    List<Long> expected =
        timers.stream()
            .filter(timer -> timer.deadline() <= now)
            .sorted(Comparator.comparingLong(TimerQueue.Timer::deadline))
            .map(TimerQueue.Timer::deadline)
            .toList();
    log.clear();
    assertEquals(expected.size(), queue.expire(now));
    assertEquals(expected.size(), log.size());
    return now;
  }
}

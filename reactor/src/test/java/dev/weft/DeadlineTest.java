// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("mode-independent")
class DeadlineTest {
  private static final Duration FOREVER = Duration.ofSeconds(Long.MAX_VALUE);

  @Test
  void aPointInTimeKeepsItsValue() {
    assertEquals(42, Deadline.ofNanoTime(42).nanoTime());
    assertSame(Deadline.NEVER, Deadline.ofNanoTime(Long.MAX_VALUE));
    assertNotEquals(Deadline.NOW, Deadline.ofNanoTime(Deadline.NOW.nanoTime()));
    assertTrue(Deadline.ofNanoTime(Deadline.NOW.nanoTime()).hasPassed());
  }

  @Test
  void aDurationIsAdded() {
    assertEquals(Deadline.ofNanoTime(1_042), Deadline.ofNanoTime(42).plus(Duration.ofNanos(1_000)));
    assertEquals(Deadline.ofNanoTime(-958), Deadline.ofNanoTime(42).plus(Duration.ofNanos(-1_000)));
  }

  @Test
  void beyondTheRangeOfTheClockItIsNeverOrHasPassed() {
    assertSame(Deadline.NEVER, Deadline.ofNanoTime(42).plus(FOREVER));
    assertTrue(Deadline.ofNanoTime(-42).plus(FOREVER.negated()).hasPassed());
    assertNotEquals(Deadline.NOW, Deadline.ofNanoTime(-42).plus(FOREVER.negated()));
  }

  @Test
  void neverAndNowStayWhatTheyAre() {
    assertSame(Deadline.NEVER, Deadline.NEVER.plus(Duration.ofDays(-1)));
    assertSame(Deadline.NOW, Deadline.NOW.plus(Duration.ofDays(1)));
  }
}

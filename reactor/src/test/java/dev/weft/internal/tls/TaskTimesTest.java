// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.tls;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Which steps of a handshake run on the reactor's thread. */
@Tag("mode-independent")
class TaskTimesTest {
  @Test
  void anUnknownStepIsTakenForALongOne() {
    assertTrue(new TaskTimes().isLong(0));
  }

  @Test
  void eachStepIsJudgedByItsOwnTimes() {
    TaskTimes times = new TaskTimes();
    times.record(0, 10_000);
    times.record(1, 1_000_000);
    assertFalse(times.isLong(0));
    assertTrue(times.isLong(1));
  }

  @Test
  void aStepThatWasLongWhileTheJvmWasColdBecomesAShortOne() {
    TaskTimes times = new TaskTimes();
    times.record(1, 50_000_000);
    for (int i = 0; i < 60; i++) {
      times.record(1, 20_000);
    }
    assertFalse(times.isLong(1));
  }

  @Test
  void oneSlowRunDoesNotCountForLong() {
    TaskTimes times = new TaskTimes();
    times.record(1, 20_000);
    times.record(1, 500_000);
    assertFalse(times.isLong(1));
    times.record(1, 5_000_000);
    assertTrue(times.isLong(1));
  }
}

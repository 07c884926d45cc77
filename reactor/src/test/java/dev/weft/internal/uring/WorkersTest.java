// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.uring;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.weft.error.ReactorUnavailableException;
import dev.weft.internal.os.RingOptions;
import java.util.OptionalInt;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("mode-independent")
class WorkersTest {
  private static final int ENTRIES = 8;

  private static Ring open(int bounded, int unbounded) throws Exception {
    try {
      RingOptions options = new RingOptions(ENTRIES, bounded, unbounded, 0, OptionalInt.empty(), 0);
      return Ring.open(options, 2 * ENTRIES);
    } catch (ReactorUnavailableException e) {
      if (System.getenv("CI") != null) {
        throw e;
      }
      return abort(e.getMessage());
    }
  }

  @Test
  void limitsAreTheKernelsWhileTheRingIsOpen() throws Exception {
    try (Ring plain = open(0, 0)) {
      int[] before = plain.workers().limits();
      try (Ring limited = open(2, 3)) {
        assertArrayEquals(new int[] {2, 3}, limited.workers().limits());
      }
      assertArrayEquals(before, plain.workers().limits());
    }
  }

  @Test
  void aLimitOfOnesOwnIsNotRaised() throws Exception {
    try (Ring ring = open(2, 3)) {
      for (int i = 0; i < ENTRIES; i++) {
        ring.workers().beginBlocking();
        ring.workers().adapt();
      }
      assertArrayEquals(new int[] {2, 3}, ring.workers().limits());
    }
  }

  @Test
  void theKernelsLimitIsRaisedForOpensThatWait() throws Exception {
    try (Ring ring = open(0, 0)) {
      int before = ring.workers().limits()[0];
      for (int i = 0; i <= before; i++) {
        ring.workers().beginBlocking();
      }
      ring.workers().adapt();
      assertArrayEquals(
          new int[] {2 * (before + 1 + 4), ring.workers().limits()[1]}, ring.workers().limits());
    }
  }
}

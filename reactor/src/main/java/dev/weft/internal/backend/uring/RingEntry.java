// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import dev.weft.error.Errno;
import dev.weft.internal.backend.BackendStats;
import dev.weft.internal.uring.Ring;
import dev.weft.internal.uring.SubmissionQueue;

/** Enters the kernel for a ring. */
final class RingEntry {
  private final Ring ring;
  private final SubmissionQueue submissions;
  private final BackendStats stats;

  RingEntry(Ring ring, BackendStats stats) {
    this.ring = ring;
    submissions = ring.submissions();
    this.stats = stats;
  }

  /** Enters the kernel; returns false if it is short of memory or has unread completions. */
  boolean enter(int pending, long timeoutNanos) {
    if (submissions.completionsOverflowed()) {
      stats.overflows++;
    }
    if (timeoutNanos == 0 && !ring.needsSubmit()) {
      return true;
    }
    stats.enters++;
    int result =
        timeoutNanos == 0 ? ring.submit(pending) : ring.submitAndWait(pending, timeoutNanos);
    if (result >= 0) {
      return true;
    }
    return switch (Errno.of(-result)) {
      case ETIME, EINTR -> true;
      // No memory for requests, or completions must be read first: both are temporary.
      case EAGAIN, EBUSY -> {
        stats.retries++;
        yield false;
      }
      default ->
          throw new IllegalStateException(
              "io_uring_enter: " + Errno.of(-result) + " (" + Errno.of(-result).text() + ")");
    };
  }
}

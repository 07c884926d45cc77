// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.Retry;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.queue.TimerQueue;
import java.lang.foreign.MemorySegment;

/** Performs operations of the backend for strands, which call these methods themselves. */
public final class Operations {
  private Operations() {}

  /**
   * Submits {@code op}, the operation of {@code strand}, and waits until it is done. Suspends.
   *
   * @param deadline when to cancel the operation, or {@link TimerQueue#NEVER}
   * @return at least 0, or -errno. If the operation succeeds in spite of a cancel or a deadline,
   *     its result is returned, because what it did must not be lost
   */
  public static int perform(
      Strand strand, String verb, Object subject, Op op, long deadline, WaitMode wait) {
    assert strand.loop.isCurrent(strand) : strand;
    StackReserve.check(); // what is submitted must be waited for
    long effective = strand.checkBeforeWait(verb, subject, deadline, wait);
    strand.waiting.requireTime(verb, subject, effective);
    strand.waiting.prepare(effective);
    strand.loop.backend().submitOrPerform(op);
    if (op.isDone()) {
      return op.result();
    }
    strand.waiting.beginOperation(op, verb, subject, effective, wait);
    return Parking.parkForInt(strand, WaitState.PERFORMED);
  }

  /**
   * As {@link #perform}, and repeats {@code op} when a signal has interrupted it before it did
   * anything. For operations that can be repeated.
   *
   * @return at least 0, or -errno, but never -EINTR
   */
  public static int performRepeatedly(
      Strand strand, String verb, Object subject, Op op, long deadline, WaitMode wait) {
    MemorySegment memory = op.memory();
    int result;
    do {
      op.use(memory); // the operation dropped it when the last attempt ended
      result = perform(strand, verb, subject, op, deadline, wait);
    } while (Retry.of(result) == Retry.AT_ONCE);
    return result;
  }

  /** As {@link #perform}, without a deadline, and a cancel does not end it. */
  public static int performShielded(Strand strand, String verb, Object subject, Op op) {
    return perform(strand, verb, subject, op, TimerQueue.NEVER, WaitMode.SHIELDED);
  }
}

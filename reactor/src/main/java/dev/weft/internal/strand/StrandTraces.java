// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.error.DeadlockException;
import java.util.ArrayList;
import java.util.List;

/** Tells people where strands are. */
public final class StrandTraces {
  /** Stands in for one that can't be made, because memory is exhausted. */
  private final DeadlockException undescribedDeadlock =
      new DeadlockException("every fiber waits for another one; there is no memory to list them");

  StrandTraces() {}

  /** Says that each strand of {@code loop} waits for another one, and where. */
  DeadlockException deadlock(EventLoop loop) {
    try {
      StringBuilder text = new StringBuilder("every fiber waits for another one:");
      loop.forEachLive(strand -> describe(strand, text));
      loop.guests.forEachWaiting(guest -> describe(guest, text));
      return new DeadlockException(text.toString());
    } catch (OutOfMemoryError e) {
      return undescribedDeadlock;
    }
  }

  /** Adds what {@code strand} waits for, and where. */
  public static void describe(Strand strand, StringBuilder text) {
    text.append("\n  ").append(strand.body()).append(": ").append(strand.waitingFor());
    frames(strand).forEach(frame -> text.append("\n    at ").append(frame));
  }

  /** The frames of {@code strand} without those of the scheduling, innermost first. */
  public static List<StackTraceElement> frames(Strand strand) {
    List<StackTraceElement> frames = new ArrayList<>();
    for (StackTraceElement frame : strand.stackTrace()) {
      String name = frame.getClassName();
      if (!name.startsWith("java.lang.")
          && !name.startsWith("jdk.internal.")
          && !name.startsWith("dev.weft.internal.")) {
        frames.add(frame);
      }
    }
    return frames;
  }
}

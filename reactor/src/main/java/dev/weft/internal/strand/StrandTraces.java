// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.error.DeadlockException;
import java.util.ArrayList;
import java.util.List;

/** Describes what strands wait for, with their stack traces. */
public final class StrandTraces {
  /** Thrown if a description can't be made because memory is exhausted. */
  private final DeadlockException undescribedDeadlock =
      new DeadlockException("every fiber waits for another one; there is no memory to list them");

  StrandTraces() {}

  /** The exception that lists what each strand of {@code loop} waits for, and where. */
  DeadlockException deadlock(EventLoop loop) {
    try {
      StringBuilder text = new StringBuilder("every fiber waits for another one:");
      loop.forEachLive(strand -> describe(strand, text));
      loop.hosted.forEachWaiting(strand -> describe(strand, text));
      return new DeadlockException(text.toString());
    } catch (OutOfMemoryError e) {
      return undescribedDeadlock;
    }
  }

  /** Appends what {@code strand} waits for, and where. */
  public static void describe(Strand strand, StringBuilder text) {
    text.append("\n  ").append(strand.body()).append(": ").append(strand.waiting.description());
    frames(strand).forEach(frame -> text.append("\n    at ").append(frame));
  }

  /** The frames of {@code strand} without those of the scheduler, innermost first. */
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

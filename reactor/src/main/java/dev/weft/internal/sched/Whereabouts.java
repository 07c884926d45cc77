// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.sched;

import java.util.ArrayList;
import java.util.List;

/** Tells people where strands are. */
public final class Whereabouts {
  private Whereabouts() {}

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

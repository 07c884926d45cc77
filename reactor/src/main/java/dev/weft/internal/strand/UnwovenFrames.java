// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.routine.Routine;
import java.util.List;

/** Finds the frames on a thread's stack that prevent a suspension. */
final class UnwovenFrames {
  private static final String OURS = UnwovenFrames.class.getPackageName() + ".";

  private UnwovenFrames() {}

  /** A message with the frames between this package and woven code, and the remedy. */
  static String why() {
    List<StackTraceElement> blocking =
        Routine.blockingFrames().stream()
            .dropWhile(frame -> frame.getClassName().startsWith(OURS))
            .toList();
    return "can't be suspended by code that is not woven: "
        + blocking
        + " were called by woven code, but are not. Weave these classes, pass lambdas that suspend"
        + " to interfaces that are woven, or run all stackful with -Ddev.weft.stackful=true";
  }
}

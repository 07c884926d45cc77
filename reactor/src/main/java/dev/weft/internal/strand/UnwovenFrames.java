// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.routine.Routine;
import java.util.List;

/** Finds the frames on a thread's stack that keep it from being left. */
final class UnwovenFrames {
  private static final String OURS = UnwovenFrames.class.getPackageName() + ".";

  private UnwovenFrames() {}

  /** The frames of the caller that are between this package and woven code, and what to do. */
  static String why() {
    List<StackTraceElement> inTheWay =
        Routine.blockingFrames().stream()
            .dropWhile(frame -> frame.getClassName().startsWith(OURS))
            .toList();
    return "can't be suspended by code that is not woven: "
        + inTheWay
        + " were called by woven code, but are not. Weave these classes, pass lambdas that suspend"
        + " to interfaces that are woven, or run all stackful with -Ddev.weft.stackful=true";
  }
}

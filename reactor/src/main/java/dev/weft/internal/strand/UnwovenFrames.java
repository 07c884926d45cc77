// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.routine.Routine;
import java.util.Arrays;
import java.util.List;

/** Finds the frames on a thread's stack that prevent a suspension. */
public final class UnwovenFrames {
  private static final String OURS = UnwovenFrames.class.getPackageName() + ".";

  private UnwovenFrames() {}

  /** A message with the frames between this package and woven code, and the remedy. */
  static String why() {
    return why(new Class<?>[0]);
  }

  /** As {@link #why()}, called by {@code ours}, whose frames are left out too. */
  public static String why(Class<?>... ours) {
    List<StackTraceElement> blocking =
        Routine.blockingFrames().stream()
            .dropWhile(
                frame ->
                    frame.getClassName().startsWith(OURS)
                        || Arrays.stream(ours)
                            .anyMatch(type -> type.getName().equals(frame.getClassName())))
            .toList();
    return "can't be suspended by code that is not woven: "
        + blocking
        + " were called by woven code, but are not. Weave these classes, pass lambdas that suspend"
        + " to interfaces that are woven, or run all stackful with -Ddev.weft.stackful=true";
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.sched;

import dev.weft.weave.Context;
import java.lang.StackWalker.StackFrame;
import java.util.List;

/** Finds the frames on a thread's stack that keep it from being left. */
final class Unwoven {
  private static final StackWalker WALKER =
      StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);
  private static final String OURS = Unwoven.class.getPackageName() + ".";

  private Unwoven() {}

  /** The frames of the caller that are between this package and woven code, and what to do. */
  static String frames() {
    List<StackTraceElement> inTheWay =
        WALKER.walk(
            all ->
                all.dropWhile(frame -> frame.getClassName().startsWith(OURS))
                    .takeWhile(frame -> !isWoven(frame))
                    .map(StackFrame::toStackTraceElement)
                    .toList());
    return inTheWay
        + " were called by woven code, but are not. Weave these classes, pass lambdas that suspend"
        + " to interfaces that are woven, or run all stackful with -Ddev.weft.stackful=true";
  }

  /** Whether it is a twin, or goes on with one. */
  private static boolean isWoven(StackFrame frame) {
    return frame.getMethodType().parameterList().contains(Context.class);
  }
}

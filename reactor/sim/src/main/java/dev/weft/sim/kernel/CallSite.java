// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

/** Records where something was requested; never thrown. */
final class CallSite extends Throwable {
  private static final long serialVersionUID = 1L;

  private static final int FRAMES_MAX = 6;

  CallSite(Object what) {
    super(what.toString());
  }

  /** The innermost frames that are not the library's. */
  static String describe(Throwable origin) {
    StringBuilder text = new StringBuilder();
    int count = 0;
    for (StackTraceElement frame : origin.getStackTrace()) {
      String name = frame.getClassName();
      boolean inside =
          name.startsWith("dev.weft.internal.")
              || name.startsWith("java.")
              || name.startsWith("jdk.")
              || name.startsWith("dev.weft.sim.kernel.")
              || name.startsWith("dev.weft.sim.run.");
      if (!inside && count < FRAMES_MAX) {
        text.append("\n      at ").append(frame);
        count++;
      }
    }
    return text.toString();
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

import dev.weft.error.Errno;
import java.lang.StackWalker.StackFrame;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Log lines on standard error that name the thread, in the format that mnvkd's filters expect. */
public final class ThreadLog {
  /** Whether the {@code dbg} methods of all threads write. */
  public static final boolean DEBUG = Boolean.getBoolean("dev.weft.micro.debug");

  /** The class whose methods threads call in order to log. */
  private static final String FACADE = "dev.weft.micro.MicroThread";

  private ThreadLog() {}

  /** Writes a line with one call, so that lines of several processes do not mix. */
  public static void line(ThreadControl thread, String message) {
    System.err.print(prefix(thread) + message);
    System.err.flush();
  }

  private static String prefix(ThreadControl thread) {
    StackFrame caller = caller();
    String file = caller == null ? "?" : String.valueOf(caller.getFileName());
    int line = caller == null ? 0 : caller.getLineNumber();
    ProcessControl process = thread.process;
    return String.format(
        Locale.ROOT,
        "    thread: <source loc=\"%48s:%4d\"> <proc_local id=\"%4d\" active=\"%s\" blocked=\"%s\">"
            + " <thread stage=\"%32s()[%s@%4d]\">: ",
        file,
        line,
        process == null ? 0 : process.id(),
        flag(process != null && process.isRunnable()),
        flag(process != null && process.isBlocked()),
        thread.label(),
        thread.statusName(),
        thread.id);
  }

  private static String flag(boolean value) {
    return value ? "t" : "f";
  }

  /** The innermost frame of the user's code. */
  private static @Nullable StackFrame caller() {
    Optional<StackFrame> found =
        StackWalker.getInstance()
            .walk(frames -> frames.filter(frame -> !isMachinery(frame.getClassName())).findFirst());
    return found.orElse(null);
  }

  private static boolean isMachinery(String name) {
    return name.equals(ThreadLog.class.getName()) || name.equals(FACADE);
  }

  /**
   * Writes a line about {@code what}. Throws nothing: a failing standard error must not end the
   * caller.
   */
  static void about(String what, String message) {
    try {
      System.err.print("    " + what + ": " + message + "\n");
      System.err.flush();
    } catch (RuntimeException | Error e) {
      // There is nowhere left to report it.
    }
  }

  /** The text of {@code failure}, or its class if its own methods fail. */
  public static String describe(Throwable failure) {
    try {
      return String.valueOf(failure);
    } catch (Throwable e) {
      return failure.getClass().getName()
          + " (its text can't be had: "
          + e.getClass().getName()
          + ")";
    }
  }

  public static String perror(String text, int code) {
    String reason = code == 0 ? "Success" : Errno.of(code).text();
    return text + ": " + reason + "\n";
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import dev.weft.error.Errno;

/** Whether a system call or operation is repeated, depending on its result. */
public enum Retry {
  /** It has succeeded, or has failed permanently. */
  NONE,

  /** EINTR: a signal has interrupted it. */
  AT_ONCE,

  /** EAGAIN: another process that shares the descriptor has made it non-blocking. */
  WHEN_READY;

  // The kernel's internal codes for "interrupted, repeat the call": ERESTARTSYS, ERESTARTNOINTR,
  // ERESTARTNOHAND and ERESTART_RESTARTBLOCK (include/linux/errno.h, which user space never sees).
  private static final int RESTART_FIRST = -512;
  private static final int RESTART_LAST = -516;

  /** The rule for {@code result}, a byte count or -errno. */
  public static Retry of(int result) {
    if (result >= 0) {
      return NONE;
    } else if (result == -Errno.EINTR.code()) {
      return AT_ONCE;
    }
    return result == -Errno.EAGAIN.code() ? WHEN_READY : NONE;
  }

  /**
   * Whether {@code result} is that of an operation which was cancelled, and so has not failed: a
   * kernel worker reports that as EINTR.
   */
  public static boolean isCancelled(int result) {
    return result == -Errno.ECANCELED.code() || result == -Errno.EINTR.code();
  }

  /**
   * Replaces the kernel's internal codes for an interrupted call by EINTR. The return to user space
   * would turn them into EINTR or a restart, but a kernel worker does not return there: if it is
   * stopped, continued or cancelled, the completion has the internal code.
   */
  static int withoutRestart(int result) {
    return result <= RESTART_FIRST && result >= RESTART_LAST ? -Errno.EINTR.code() : result;
  }
}

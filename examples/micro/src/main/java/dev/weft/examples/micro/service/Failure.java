// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.service;

import dev.weft.error.Errno;
import dev.weft.examples.common.Program;
import dev.weft.examples.common.Programs;
import org.jspecify.annotations.Nullable;

/**
 * What ended a filter before its time, so that whoever has started it hears that its output is not
 * all there is.
 */
public final class Failure {
  /** The status of a program that SIGPIPE has ended, for shells. */
  public static final int READER_GONE = 141;

  private @Nullable Errno errno;

  /** Nothing so far. */
  public Failure() {}

  /**
   * Notes what a thread's lastly has been told. The first error counts: those that follow come of
   * it. That its process ends is none.
   *
   * @param told the thread's {@code errno()}
   */
  public void note(@Nullable Errno told) {
    if (errno == null && told != Errno.EINTR) {
      errno = told;
    }
  }

  /**
   * Tells it on standard error, but for a reader that is gone, which ends filters silently.
   *
   * @param program whose name comes first
   * @return the exit status
   */
  public int status(String program) {
    Errno noted = errno;
    if (noted == null) {
      return Program.SUCCESS;
    }
    if (noted == Errno.EPIPE) {
      return READER_GONE;
    }
    Programs.report(program + ": " + noted.text() + " (" + noted + ")");
    return Program.FAILURE;
  }
}

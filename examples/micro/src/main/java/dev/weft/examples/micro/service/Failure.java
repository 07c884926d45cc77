// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.service;

import dev.weft.error.Errno;
import dev.weft.examples.common.Program;
import dev.weft.examples.common.Programs;
import org.jspecify.annotations.Nullable;

/** The failure that ended a filter, so that its caller learns that the output is incomplete. */
public final class Failure {
  private @Nullable Errno errno;

  /** No failure. */
  public Failure() {}

  /**
   * Records the error of a thread, in its lastly. Only the first error counts, since it causes the
   * others. The end of the process is not an error.
   *
   * @param raised the thread's {@code errno()}
   */
  public void note(@Nullable Errno raised) {
    if (errno == null && raised != Errno.EINTR) {
      errno = raised;
    }
  }

  /**
   * Reports the failure on standard error, except a closed output pipe, which ends filters
   * silently.
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
      return Program.READER_GONE;
    }
    Programs.report(program + ": " + noted.text() + " (" + noted + ")");
    return Program.FAILURE;
  }
}

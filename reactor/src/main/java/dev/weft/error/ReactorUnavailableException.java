// SPDX-License-Identifier: Apache-2.0
package dev.weft.error;

import java.io.IOException;

/**
 * No reactor can be opened on this system: the kernel has no io_uring or is too old, a sandbox or a
 * sysctl refuses it, or a limit is too small. The message names the cause and the remedy.
 */
public final class ReactorUnavailableException extends IOException {
  private static final long serialVersionUID = 1L;

  private final Errno errno;

  /**
   * Describes why there is no reactor.
   *
   * @param message the cause and the remedy
   * @param errno what the kernel answered, or {@link Errno#UNKNOWN} if it was not asked
   */
  public ReactorUnavailableException(String message, Errno errno) {
    super(message);
    this.errno = errno;
  }

  /**
   * What the kernel answered.
   *
   * @return the error, or {@link Errno#UNKNOWN} if the kernel was not asked
   */
  public Errno errno() {
    return errno;
  }
}

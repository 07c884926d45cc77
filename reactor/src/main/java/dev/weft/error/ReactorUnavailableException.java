// SPDX-License-Identifier: Apache-2.0
package dev.weft.error;

import java.io.IOException;

/**
 * No reactor can be opened on this system: the kernel has no io_uring or is too old, a sandbox or a
 * sysctl forbids it, or a limit is too small. The message names the cause and the remedy.
 */
public final class ReactorUnavailableException extends IOException {
  private static final long serialVersionUID = 1L;

  private final Errno errno;

  /**
   * Creates the exception.
   *
   * @param message the cause and the remedy
   * @param errno the kernel's error, or {@link Errno#UNKNOWN} if no system call failed
   */
  public ReactorUnavailableException(String message, Errno errno) {
    super(message);
    this.errno = errno;
  }

  /** {@return the kernel's error, or {@link Errno#UNKNOWN} if no system call failed} */
  public Errno errno() {
    return errno;
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

/** How a micro-thread has suspended: when it is to be resumed. */
public enum MicroStatus {
  /** Resume at once, before all other threads of its process. */
  RUN(0),
  /** Resume after all other runnable threads; in the local executor, never. */
  YIELD(1),
  /** Resume when another thread plays it, preferably with a request. */
  LISTEN(2),
  /** Resume when the socket that it waits for is ready. */
  WAIT(3),
  /** Run its {@code lastly}, as if it had called {@code error}. */
  ERR(4),
  /** Ended. */
  END(5);

  /** Its index in {@link #values()}. */
  final int code;

  MicroStatus(int code) {
    this.code = code;
  }
}

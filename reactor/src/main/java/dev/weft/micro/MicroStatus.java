// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

/** What a micro-thread that suspends wants to be done with it. */
public enum MicroStatus {
  /** To go on at once, before all others of its process. */
  RUN(0),
  /** To go on after all others that can run; in the local executor, not any more. */
  YIELD(1),
  /** To go on when somebody plays it, best with a request. */
  LISTEN(2),
  /** To go on when the socket that it has named is ready. */
  WAIT(3),
  /** To run its {@code lastly}, as if {@code error} had been called. */
  ERR(4),
  /** To be over. */
  END(5);

  /** Its place in {@link #values()}. */
  final int code;

  MicroStatus(int code) {
    this.code = code;
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

/** How a micro-thread has suspended: when it is to be resumed. */
public enum MicroStatus {
  /** Resume next, before all other threads of its process. */
  RUN,
  /** Resume after all other runnable threads; in the local executor, never. */
  YIELD,
  /** Resume when another thread plays it, preferably with a request. */
  LISTEN,
  /** Resume when the socket that it waits for is ready. */
  WAIT,
  /** Run its {@code lastly}, as if it had called {@code error}. */
  ERR,
  /** Never resume: the thread has ended. */
  END
}

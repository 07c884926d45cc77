// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

/** Thrown to unwind a micro-thread that ends, through its finally blocks. */
final class ThreadExit extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ThreadExit(String reason) {
    super(reason, null, false, false);
  }
}

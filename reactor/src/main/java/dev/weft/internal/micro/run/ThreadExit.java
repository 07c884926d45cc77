// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

/** Thrown to unwind a micro-thread that ends, through its finally blocks. */
public final class ThreadExit extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ThreadExit(String reason) {
    super(reason, null, false, false);
  }
}

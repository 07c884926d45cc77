// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

/** Takes a micro-thread out of its calls, through their finally blocks: it is over. */
final class ThreadExit extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ThreadExit(String reason) {
    super(reason, null, false, false);
  }
}

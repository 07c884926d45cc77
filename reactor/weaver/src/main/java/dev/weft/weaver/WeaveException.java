// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver;

/** Something cannot be woven; the message says where and why. */
public final class WeaveException extends RuntimeException {
  private static final long serialVersionUID = 1;

  WeaveException(String message) {
    super(message);
  }

  WeaveException(String message, Throwable cause) {
    super(message, cause);
  }
}

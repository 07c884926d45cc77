// SPDX-License-Identifier: Apache-2.0
package dev.weft.error;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** An operation failed with a Linux error number: the operation, its subject and the number. */
public final class ErrnoException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String operation;
  private final @Nullable String subject;
  private final int code;

  /**
   * Creates the exception.
   *
   * @param operation the operation that failed, such as {@code "connect"}
   * @param subject the object of the operation, such as an address or a path, or null
   * @param code the positive error number
   */
  public ErrnoException(String operation, @Nullable String subject, int code) {
    super(describe(operation, subject, code));
    this.operation = operation;
    this.subject = subject;
    this.code = code;
  }

  /**
   * {@return the error by name, or {@link Errno#UNKNOWN} if Weft has no name for {@link #code()}}
   */
  public Errno errno() {
    return Errno.of(code);
  }

  /** {@return the positive error number} */
  public int code() {
    return code;
  }

  /** {@return the operation that failed: a verb, such as {@code "connect"}} */
  public String operation() {
    return operation;
  }

  /** {@return the object of the operation, such as an address or path, or null if there is none} */
  public @Nullable String subject() {
    return subject;
  }

  private static String describe(String operation, @Nullable String subject, int code) {
    Errno errno = Errno.of(code);
    String what = subject == null ? operation : operation + " " + subject;
    String name = errno == Errno.UNKNOWN ? "error " + code : errno.name();
    return what + ": " + name + " (" + errno.text() + ")";
  }
}

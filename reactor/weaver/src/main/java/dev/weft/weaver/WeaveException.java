// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver;

/** Thrown when something can't be woven; the message says where and why. */
public final class WeaveException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** The place, as in a stack trace; empty if it is not known. */
  private final String where;

  private final String what;

  WeaveException(String what) {
    this("", what);
  }

  WeaveException(String where, String what) {
    super(where.isEmpty() ? what : where + ": " + what);
    this.where = where;
    this.what = what;
  }

  /** Refuses {@code type}, an internal name, for the given reason and place. */
  void report(Diagnostics problems, String type, String place) {
    problems.refuse(type, where.isEmpty() ? place : where, what);
  }
}

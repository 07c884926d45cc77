// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver;

/** Thrown when something can't be woven; the message says where and why. */
public final class WeaveException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** The place, as in a stack trace; empty if it is not known. */
  private final String where;

  private final String what;

  /**
   * Creates an exception about a place that is not known.
   *
   * @param what what is wrong
   */
  public WeaveException(String what) {
    this("", what);
  }

  /**
   * Creates an exception about a place.
   *
   * @param where the place, as in a stack trace
   * @param what what is wrong
   */
  public WeaveException(String where, String what) {
    super(where.isEmpty() ? what : where + ": " + what);
    this.where = where;
    this.what = what;
  }

  /**
   * Adds this as the error that keeps a class from being woven.
   *
   * @param problems where it is added
   * @param type the internal name of the class
   * @param place the place, if this exception does not know it
   */
  public void report(Diagnostics problems, String type, String place) {
    problems.refuse(type, where.isEmpty() ? place : where, what);
  }
}

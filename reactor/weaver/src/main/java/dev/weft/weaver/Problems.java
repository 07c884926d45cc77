// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver;

import java.util.Collection;
import java.util.Collections;
import java.util.TreeSet;

/** What cannot be woven, and what will not work as it may seem: each with its place and reason. */
public final class Problems {
  /**
   * One of them.
   *
   * @param where as in a stack trace: class, method, file and line
   * @param what the reason, and what to do about it
   */
  public record Problem(String where, String what) implements Comparable<Problem> {
    @Override
    public int compareTo(Problem other) {
      int order = where.compareTo(other.where);
      return order != 0 ? order : what.compareTo(other.what);
    }

    @Override
    public String toString() {
      return where + ": " + what;
    }
  }

  private final TreeSet<Problem> errors = new TreeSet<>();
  private final TreeSet<Problem> warnings = new TreeSet<>();

  Problems() {}

  void error(String where, String what) {
    errors.add(new Problem(where, what));
  }

  void warn(String where, String what) {
    warnings.add(new Problem(where, what));
  }

  /**
   * What cannot be woven. If there is any, nothing is.
   *
   * @return in the order of their places
   */
  public Collection<Problem> errors() {
    return Collections.unmodifiableCollection(errors);
  }

  /**
   * What is woven, or left as it is, and may fail when it runs; it then says so.
   *
   * @return in the order of their places
   */
  public Collection<Problem> warnings() {
    return Collections.unmodifiableCollection(warnings);
  }
}

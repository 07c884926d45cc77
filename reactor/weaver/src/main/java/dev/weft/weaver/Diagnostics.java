// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver;

import java.util.Collection;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/** What cannot be woven, and what will not work as it may seem: each with its place and reason. */
public final class Diagnostics {
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
  private final TreeSet<String> refused = new TreeSet<>();
  private boolean fatal;

  Diagnostics() {}

  /** Adds an error that keeps everything from being woven. */
  void error(String where, String what) {
    errors.add(new Problem(where, what));
    fatal = true;
  }

  /** Adds an error that keeps class {@code type}, an internal name, from being woven. */
  void refuse(String type, String where, String what) {
    errors.add(new Problem(where, what));
    int made = type.indexOf(Names.GENERATED);
    refused.add(Names.external(made < 0 ? type : type.substring(0, made)));
  }

  /** Adds what was refused earlier. */
  void addRefused(Diagnostics earlier) {
    errors.addAll(earlier.errors);
    refused.addAll(earlier.refused);
  }

  void warn(String where, String what) {
    warnings.add(new Problem(where, what));
  }

  /**
   * What cannot be woven: the classes that {@link #refused} names, or all if {@link #isFatal}.
   *
   * @return in the order of their places
   */
  public Collection<Problem> errors() {
    return Collections.unmodifiableCollection(errors);
  }

  /**
   * The classes that have been left as they are because they can't be woven. The others are woven
   * as if these had been excluded.
   *
   * @return their names, in order
   */
  public SortedSet<String> refused() {
    return Collections.unmodifiableSortedSet(refused);
  }

  /**
   * Whether an error is about more than a single class, so that nothing was woven.
   *
   * @return true if so
   */
  public boolean isFatal() {
    return fatal;
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

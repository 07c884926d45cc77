// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver;

import dev.weft.weaver.model.Names;
import java.util.Collection;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Errors and warnings: what can't be woven, and what may not work as it seems, each with its place
 * and reason.
 */
public final class Diagnostics {
  /**
   * One error or warning.
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

  /**
   * Adds an error that keeps everything from being woven.
   *
   * @param where the place, as in a stack trace
   * @param what what is wrong
   */
  public void error(String where, String what) {
    errors.add(new Problem(where, what));
    fatal = true;
  }

  /**
   * Adds an error that keeps a class from being woven.
   *
   * @param type the internal name of the class, such as {@code java/lang/String}
   * @param where the place, as in a stack trace
   * @param what what is wrong
   */
  public void refuse(String type, String where, String what) {
    errors.add(new Problem(where, what));
    int made = type.indexOf(Names.GENERATED);
    refused.add(Names.external(made < 0 ? type : type.substring(0, made)));
  }

  /** Adds the errors of an earlier pass. */
  void addRefused(Diagnostics earlier) {
    errors.addAll(earlier.errors);
    refused.addAll(earlier.refused);
  }

  /**
   * Adds a warning.
   *
   * @param where the place, as in a stack trace
   * @param what what may fail at run time
   */
  public void warn(String where, String what) {
    warnings.add(new Problem(where, what));
  }

  /**
   * The errors: about the classes that {@link #refused} names, or about all if {@link #isFatal}.
   *
   * @return in the order of their places
   */
  public Collection<Problem> errors() {
    return Collections.unmodifiableCollection(errors);
  }

  /**
   * The classes that are left as they are because they can't be woven. The others are woven as if
   * these had been excluded.
   *
   * @return their names, in order
   */
  public SortedSet<String> refused() {
    return Collections.unmodifiableSortedSet(refused);
  }

  /** {@return whether an error is about more than a single class, so that nothing was woven} */
  public boolean isFatal() {
    return fatal;
  }

  /**
   * The warnings: about code that may fail at run time; it then throws an exception that says so.
   *
   * @return in the order of their places
   */
  public Collection<Problem> warnings() {
    return Collections.unmodifiableCollection(warnings);
  }
}

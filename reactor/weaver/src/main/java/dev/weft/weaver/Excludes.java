// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver;

import dev.weft.weaver.model.Names;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Classes that are left as they are, by patterns of their names. Woven code calls them like any
 * other class that is not woven.
 *
 * <p>A pattern is a name as in Java, such as {@code org.example.Main} or {@code
 * org.example.Main$Inner}. {@code *} stands for any characters, dots included. A class that matches
 * takes the classes nested in it with it. The classes that JMH generates ({@code
 * *.jmh_generated.*}) are always excluded: JMH finds their methods by name, so that each name must
 * have one method.
 */
public final class Excludes {
  private static final String ALWAYS = "*.jmh_generated.*";
  private static final Pattern VALID = Pattern.compile("[\\p{javaJavaIdentifierPart}.*-]+");

  private final List<Pattern> patterns = new ArrayList<>();

  private Excludes() {}

  /**
   * The classes that match one of the patterns, and those that are always excluded.
   *
   * @param patterns may be empty
   * @return the set
   * @throws IllegalArgumentException if one of them can't be the pattern of a class name
   */
  public static Excludes of(List<String> patterns) {
    Excludes excludes = new Excludes();
    excludes.add(ALWAYS);
    patterns.forEach(excludes::add);
    return excludes;
  }

  private void add(String pattern) {
    if (!VALID.matcher(pattern).matches()) {
      throw new IllegalArgumentException(
          "not a pattern of class names: '" + pattern + "'; one is org.example.*");
    }
    StringBuilder regex = new StringBuilder();
    for (String literal : pattern.split("\\*", -1)) {
      regex.append(regex.isEmpty() ? "" : ".*").append(Pattern.quote(literal));
    }
    patterns.add(Pattern.compile(regex.toString()));
  }

  /** Whether the class of that internal name, or one that it is nested in, is excluded. */
  boolean have(String internalName) {
    String name = Names.external(internalName);
    for (int end = name.indexOf('$'); end > 0; end = name.indexOf('$', end + 1)) {
      if (matches(name.substring(0, end))) {
        return true;
      }
    }
    return matches(name);
  }

  private boolean matches(String name) {
    return patterns.stream().anyMatch(pattern -> pattern.matcher(name).matches());
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import java.security.CodeSource;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Distinguishes the classes of this library from all others, by their names. */
final class LibraryCode {
  private static final String PREFIX = "dev.weft.";
  private static final @Nullable ClassLoader LOADER = LibraryCode.class.getClassLoader();
  private static final @Nullable CodeSource SOURCE = source(LibraryCode.class);

  private LibraryCode() {}

  /**
   * Whether a class of which code runs is the library's, and not of a program that has packages of
   * the same names, such as the tests.
   */
  static boolean contains(String className) {
    if (!className.startsWith(PREFIX)) {
      return false;
    }
    try {
      return Objects.equals(source(Class.forName(className, false, LOADER)), SOURCE);
    } catch (ClassNotFoundException | LinkageError e) {
      return false; // another loader defines it
    }
  }

  private static @Nullable CodeSource source(Class<?> type) {
    return type.getProtectionDomain().getCodeSource();
  }
}

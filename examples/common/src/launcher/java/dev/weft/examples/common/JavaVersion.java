// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.common;

import java.lang.reflect.InvocationTargetException;

/**
 * Starts a program if the JVM is new enough. This class and its callers are compiled for Java 8, so
 * that an old JVM says which one is needed, and not that it can't read a class file.
 */
public final class JavaVersion {
  private static final int VERSION_MIN = 25;
  private static final int FAILED = 1;

  private JavaVersion() {}

  /**
   * Calls the main method of a class, or ends an old JVM with status 1 and a line on standard error.
   *
   * @param main the name of the class, which may be compiled for any version
   * @param args the arguments of its main method
   * @throws Throwable what the main method throws
   */
  public static void startIfSupported(String main, String[] args) throws Throwable {
    String specification = System.getProperty("java.specification.version");
    if (!isSupported(specification)) {
      System.err.println(
          "weft needs Java "
              + VERSION_MIN
              + " or later; this is "
              + System.getProperty("java.version")
              + " in "
              + System.getProperty("java.home"));
      System.exit(FAILED);
    }
    try {
      Class.forName(main).getMethod("main", String[].class).invoke(null, (Object) args);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  /** Whether a version of the Java platform, such as {@code 1.8} or {@code 25}, is new enough. */
  private static boolean isSupported(String specification) {
    return !specification.startsWith("1.") && Integer.parseInt(specification) >= VERSION_MIN;
  }
}

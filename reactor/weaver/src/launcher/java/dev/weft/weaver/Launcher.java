// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver;

/**
 * What {@code java -jar weft-weaver.jar} starts. It is compiled for Java 8, so that an old JVM says
 * which one is needed, and not that it can't read a class file.
 */
public final class Launcher {
  private static final int JAVA_VERSION_MIN = 25;
  private static final int MISUSED = 2;

  private Launcher() {}

  /**
   * Starts the command line of the weaver if this JVM is new enough.
   *
   * @param arguments those of {@code Main}
   * @throws ReflectiveOperationException if the jar has no {@code Main}
   */
  public static void main(String[] arguments) throws ReflectiveOperationException {
    String version = System.getProperty("java.specification.version");
    if (version.startsWith("1.") || Integer.parseInt(version) < JAVA_VERSION_MIN) {
      System.err.println(
          "weft-weaver: needs Java "
              + JAVA_VERSION_MIN
              + " or later, and is run by Java "
              + version
              + " in "
              + System.getProperty("java.home"));
      System.exit(MISUSED);
    }
    Class<?> main = Class.forName("dev.weft.weaver.Main");
    main.getMethod("main", String[].class).invoke(null, (Object) arguments);
  }
}

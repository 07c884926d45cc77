// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import dev.weft.examples.common.JavaVersion;

/** What {@code java -jar weft-cli.jar} starts: {@code Main}, or the report of an old JVM. */
public final class Launcher {
  private Launcher() {}

  /**
   * Starts a program.
   *
   * @param args its name and its arguments
   * @throws Throwable what {@code Main} throws
   */
  public static void main(String[] args) throws Throwable {
    JavaVersion.startIfSupported("dev.weft.examples.cli.Main", args);
  }
}

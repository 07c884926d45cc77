// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.common;

import java.util.regex.Pattern;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.TypeConversionException;

/** Options and operands whose value is a time: a decimal number of seconds, without a unit. */
public final class Seconds {
  /**
   * Stricter than {@link Double#valueOf}, which accepts {@code 5d}, which reads like days, and also
   * hexadecimal numbers and infinity.
   */
  private static final Pattern DECIMAL = Pattern.compile("-?[0-9]+(\\.[0-9]+)?");

  private Seconds() {}

  /**
   * An option whose value is a {@code double}.
   *
   * @param name of the option, with its dashes
   * @return a builder that lacks the description
   */
  public static OptionSpec.Builder option(String name) {
    return OptionSpec.builder(name)
        .paramLabel("SECONDS")
        .type(double.class)
        .converters(Seconds::parse);
  }

  private static Double parse(String text) {
    try {
      return of(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }

  /**
   * Reads a decimal number of seconds.
   *
   * @param text a number without a unit
   * @return the number
   * @throws IllegalArgumentException if it is something else
   */
  public static double of(String text) {
    if (!DECIMAL.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a decimal number of seconds, without a unit");
    }
    return Double.parseDouble(text);
  }
}

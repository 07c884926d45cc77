// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.common;

import dev.weft.BackendKind;
import dev.weft.ReactorOptions;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.TypeConversionException;

/** The option {@code --backend}: what carries out the I/O of a program's reactors. */
public final class BackendOption {
  private static final String NAME = "--backend";

  /** In the order of {@link BackendKind}. */
  private static final List<String> VALUES = List.of("auto", "io_uring", "selector");

  private BackendOption() {}

  /**
   * The option.
   *
   * @return what a program adds to its command line
   */
  public static OptionSpec spec() {
    return OptionSpec.builder(NAME)
        .paramLabel("auto|io_uring|selector")
        .type(BackendKind.class)
        .converters(BackendOption::parse)
        .completionCandidates(VALUES)
        .description(
            "what carries out the I/O: a ring of io_uring, or a selector of the JDK, which is"
                + " available everywhere (default auto: io_uring if the system allows it)")
        .build();
  }

  /**
   * Reads the option.
   *
   * @param arguments the parsed command line
   * @return options of the program's reactors: with the backend that was given there, otherwise
   *     with that of the system property {@code weft.backend}
   */
  public static ReactorOptions reactorOptions(ParseResult arguments) {
    ReactorOptions defaults = ReactorOptions.defaults();
    return defaults.withBackend(arguments.matchedOptionValue(NAME, defaults.backend()));
  }

  private static BackendKind parse(String text) {
    if (!VALUES.contains(text)) {
      throw new TypeConversionException("'" + text + "' is not auto, io_uring or selector");
    }
    return BackendKind.valueOf(text.toUpperCase(Locale.ROOT));
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.common;

import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** A command-line program: its options, and what it does. */
public interface Program {
  /** Exit status: the program did what it was asked to do. */
  int SUCCESS = 0;

  /** Exit status: the program could not do what it was asked to do. */
  int FAILURE = 1;

  /** Exit status: the command line is wrong. */
  int USAGE = 2;

  /**
   * Exit status: nothing reads the output any more. That is what a shell reports for a program that
   * SIGPIPE has ended, which the JVM ignores.
   */
  int READER_GONE = 128 + 13;

  /**
   * The command line that the program takes. The first sentence of the description is its summary
   * in the list of programs.
   *
   * @return options and operands; {@code --help} and {@code --version} are added
   */
  CommandSpec spec();

  /**
   * Runs the program.
   *
   * @param arguments the parsed command line
   * @return the exit status
   * @throws IllegalArgumentException if an argument has a value that is not allowed
   * @throws Exception an error in the program
   */
  int run(ParseResult arguments) throws Exception;

  /**
   * Runs the program on operands, none of which begins with a dash. Overridden by programs that are
   * quick enough to notice what parsing costs: the parser's classes are too old for the JVM's
   * ahead-of-time cache.
   *
   * @param operands the command line
   * @return the exit status
   * @throws Exception an error in the program
   */
  default int run(List<String> operands) throws Exception {
    return run(Programs.parser(spec()).parseArgs(operands.toArray(String[]::new)));
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import dev.weft.error.ReactorUnavailableException;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Starts the program that the first argument names, with the rest: all of them share one jar. */
public final class Main {
  /** The exit status of a program that did what it was told. */
  public static final int SUCCESS = 0;

  /** The exit status of a program that could not. */
  public static final int FAILURE = 1;

  /** The exit status of a program that was told something that it does not understand. */
  public static final int USAGE = 2;

  /** A program: what it understands, and what it does. */
  public interface Program {
    /**
     * What it understands.
     *
     * @return its options and operands; those for help and version are added
     */
    CommandSpec spec();

    /**
     * Runs it.
     *
     * @param arguments what it was told
     * @return the exit status
     * @throws IllegalArgumentException if it was told something that can't be
     * @throws Exception an error in the program
     */
    int run(ParseResult arguments) throws Exception;

    /**
     * Runs on plain operands, none of which begins with a dash. Overridden by programs that are
     * quick enough to notice what parsing costs: the parser's classes are too old for the JVM's
     * ahead-of-time cache.
     *
     * @param operands what it was told
     * @return the exit status
     * @throws Exception an error in the program
     */
    default int run(List<String> operands) throws Exception {
      String[] words = operands.toArray(String[]::new);
      return run(parser(spec()).parseArgs(words));
    }
  }

  private Main() {}

  /**
   * Runs a program and exits with its status.
   *
   * @param args its name and its arguments
   */
  public static void main(String[] args) {
    List<String> words = NativeText.arguments(args);
    if (words.isEmpty()) {
      report("usage: java -jar weft-cli.jar PROGRAM [ARGUMENT]...");
      System.exit(USAGE);
    }
    Program program =
        switch (words.getFirst()) {
          case "iou_cat" -> new IouCat();
          case "iou_port7" -> new IouPort7();
          default -> {
            report("weft: no such program: " + words.getFirst());
            System.exit(USAGE);
            throw new AssertionError("unreachable");
          }
        };
    System.exit(run(words.getFirst(), program, words.subList(1, words.size())));
  }

  /**
   * Runs a program, and tells what goes wrong on standard error.
   *
   * @param name of the program
   * @param program itself
   * @param args its arguments
   * @return the exit status
   */
  public static int run(String name, Program program, List<String> args) {
    try {
      boolean plain = args.stream().noneMatch(word -> word.length() > 1 && word.startsWith("-"));
      return plain ? program.run(args) : parseAndRun(program, args);
    } catch (ParameterException | IllegalArgumentException e) {
      return fail(name, e, USAGE);
    } catch (ReactorUnavailableException e) {
      return fail(name, e, FAILURE);
    } catch (Exception e) {
      System.err.print(name + ": internal error: ");
      e.printStackTrace();
      return FAILURE;
    }
  }

  private static int parseAndRun(Program program, List<String> args) throws Exception {
    CommandSpec spec = program.spec();
    spec.mixinStandardHelpOptions(true).version(spec.name() + " (Weft) " + version());
    ParseResult arguments = parser(spec).parseArgs(args.toArray(String[]::new));
    return CommandLine.printHelpIfRequested(arguments) ? SUCCESS : program.run(arguments);
  }

  private static int fail(String name, Exception e, int status) {
    String message = String.valueOf(e.getMessage());
    report(name + ": " + message.lines().findFirst().orElse(""));
    return status;
  }

  /** A word that begins with @ is a word: picocli would take it for a file of arguments. */
  private static CommandLine parser(CommandSpec spec) {
    return new CommandLine(spec).setExpandAtFiles(false);
  }

  /**
   * Writes a line to standard error. Names in it come out as the bytes that they were given in
   * ({@link NativeText}), whatever the locale.
   *
   * @param line without its end
   */
  public static void report(String line) {
    byte[] bytes = NativeText.encode(line + "\n");
    System.err.write(bytes, 0, bytes.length);
    System.err.flush();
  }

  private static String version() {
    String version = Main.class.getPackage().getImplementationVersion();
    return version == null ? "(not built as a jar)" : version;
  }
}

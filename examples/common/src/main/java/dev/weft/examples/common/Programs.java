// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.common;

import dev.weft.error.ErrnoException;
import dev.weft.error.ReactorUnavailableException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * The programs of one jar. The first argument names one of them, which is started with the rest.
 * {@code --help} lists them, {@code --completion} prints a script for bash that completes their
 * options.
 */
public abstract class Programs {
  /** The JDK's property of how it logs, by default on two lines. */
  private static final String LOG_FORMAT = "java.util.logging.SimpleFormatter.format";

  private static final String ONE_LINE = "%1$tF %1$tT %4$s %5$s%6$s%n";

  private final String jar;
  private final List<String> names;

  /**
   * Describes a jar.
   *
   * @param jar its file name
   * @param names its programs, for each of which {@link #program} has an object
   */
  protected Programs(String jar, String... names) {
    this.jar = jar;
    this.names = List.of(names);
  }

  /**
   * {@return what an error of the system is called, with its name}
   *
   * @param failure an error
   */
  public static String text(ErrnoException failure) {
    return failure.errno().text() + " (" + failure.errno() + ")";
  }

  /**
   * Makes a program. A switch, and not a map of suppliers, since a start loads no class that it
   * does not need.
   *
   * @param name the first argument
   * @return a program that has not run, or null if the jar has none of this name
   */
  protected abstract @Nullable Program program(String name);

  /**
   * Runs the program that the command line names, and exits with its status.
   *
   * @param args the arguments of {@code main}
   */
  protected final void start(String[] args) {
    if (System.getProperty(LOG_FORMAT) == null) {
      System.setProperty(LOG_FORMAT, ONE_LINE);
    }
    List<String> arguments = NativeText.arguments(args);
    System.exit(
        arguments.isEmpty()
            ? usage()
            : start(arguments.getFirst(), arguments.subList(1, arguments.size())));
  }

  private int start(String name, List<String> args) {
    Program program = program(name);
    if (program != null) {
      reportUnfitCache(name);
      return run(name, program, args);
    }
    switch (name) {
      case "--help", "-h" -> printHelp();
      case "--version", "-V" -> System.out.println(jar + " (Weft) " + version());
      case "--completion" -> printCompletion();
      default -> {
        report(jar + ": no such program: " + name);
        return usage();
      }
    }
    return Program.SUCCESS;
  }

  /**
   * Reports it if the launcher has given the JVM an ahead-of-time cache that the JVM could not use.
   * The JVM then continues without any archive of classes.
   */
  private static void reportUnfitCache(String name) {
    String cache = System.getProperty("dev.weft.examples.cache");
    if (cache != null && !System.getProperty("java.vm.info", "").contains("sharing")) {
      report(
          name
              + ": starts without its ahead-of-time cache, and so takes longer: the cache was made with"
              + " another JVM or other options of it: "
              + cache);
    }
  }

  private int usage() {
    report("usage: java -jar " + jar + " PROGRAM [ARGUMENT]...");
    report("Try 'java -jar " + jar + " --help' for its programs.");
    return Program.USAGE;
  }

  private void printHelp() {
    System.out.println("usage: java -jar " + jar + " PROGRAM [ARGUMENT]...");
    System.out.println();
    for (String name : names) {
      System.out.printf("  %-14s%s%n", name, summary(spec(name)));
    }
    System.out.println();
    System.out.println("'java -jar " + jar + " PROGRAM --help' prints the options of a program.");
  }

  private void printCompletion() {
    for (String name : names) {
      System.out.println(AutoComplete.bash(name, parser(complete(spec(name)))));
    }
  }

  private CommandSpec spec(String name) {
    Program program = program(name);
    if (program == null) {
      throw new IllegalStateException(jar + " lists " + name + " but has no such program");
    }
    return program.spec();
  }

  private static String summary(CommandSpec spec) {
    String description = String.join(" ", spec.usageMessage().description());
    int end = description.indexOf(". ");
    return end < 0 ? description : description.substring(0, end + 1);
  }

  /**
   * Runs a program. Failures are reported on standard error.
   *
   * @param name of the program
   * @param program one that has not run
   * @param args its arguments
   * @return the exit status
   */
  private static int run(String name, Program program, List<String> args) {
    try {
      boolean plain =
          args.stream().noneMatch(argument -> argument.length() > 1 && argument.startsWith("-"));
      return plain ? program.run(args) : parseAndRun(program, args);
    } catch (ParameterException | IllegalArgumentException e) {
      reportFirstLine(name, e);
      report("Try '" + name + " --help' for its options.");
      return Program.USAGE;
    } catch (ReactorUnavailableException e) {
      reportFirstLine(name, e);
      return Program.FAILURE;
    } catch (Exception e) {
      System.err.print(name + ": internal error: ");
      e.printStackTrace();
      return Program.FAILURE;
    }
  }

  private static int parseAndRun(Program program, List<String> args) throws Exception {
    ParseResult arguments = parser(complete(program.spec())).parseArgs(args.toArray(String[]::new));
    return CommandLine.printHelpIfRequested(arguments) ? Program.SUCCESS : program.run(arguments);
  }

  private static CommandSpec complete(CommandSpec spec) {
    return spec.mixinStandardHelpOptions(true).version(spec.name() + " (Weft) " + version());
  }

  private static void reportFirstLine(String name, Exception e) {
    String message = String.valueOf(e.getMessage());
    report(name + ": " + message.lines().findFirst().orElse(""));
  }

  /** Makes picocli treat an argument that begins with @ as text, not as a file of arguments. */
  static CommandLine parser(CommandSpec spec) {
    return new CommandLine(spec).setExpandAtFiles(false);
  }

  /**
   * Writes a line to standard error. File names in it are written as their original bytes ({@link
   * NativeText}), independent of the locale.
   *
   * @param line without its end
   */
  public static void report(String line) {
    byte[] bytes = NativeText.encode(line + "\n");
    System.err.write(bytes, 0, bytes.length);
    System.err.flush();
  }

  private static String version() {
    String version = Programs.class.getPackage().getImplementationVersion();
    return version == null ? "(not built as a jar)" : version;
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The weaver's command line. */
public final class Main {
  private static final int OK = 0;
  private static final int FAILED = 1;
  private static final int MISUSED = 2;

  private static final String USAGE =
      """
      usage: java -jar weft-weaver.jar [--classpath PATH] [--exclude PATTERN]...
                                       [--unwoven FOLDER] FOLDER...

      Weaves the class files in each FOLDER in place, so that code that suspends needs no stack.
      It can be repeated: it starts again from the compiler's output.

        -cp, --classpath PATH  class path of the classes, as in java -cp;
                               weft-reactor.jar has to be in it; FOLDER/* stands for the jars in a
                               folder, and entries that do not exist are skipped
        --exclude PATTERN      classes to leave unchanged, by name; * stands for any characters,
                               dots included, as in org.example.*; the option can be repeated
        --unwoven FOLDER       where the original classes are kept; by default next to each
                               FOLDER, with -unwoven added to its name
        -q, --quiet            report problems only
        -h, --help             print this
            --version          print the version

      A class that can't be woven is reported with the reason and left unchanged; the others are woven.
      Exit status: 0 on success, 1 if a class can't be woven, 2 if the command line is wrong.
      """;

  private final PrintStream out;
  private final PrintStream err;
  private final List<Path> folders = new ArrayList<>();
  private final List<Path> path = new ArrayList<>();
  private final List<String> patterns = new ArrayList<>();
  private Excludes excludes = Excludes.of(patterns);
  private @Nullable Path unwoven;
  private boolean quiet;
  private boolean help;
  private boolean version;

  private Main(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  /**
   * Weaves, and ends the JVM with the status.
   *
   * @param arguments see {@code --help}
   */
  public static void main(String[] arguments) {
    System.exit(run(System.out, System.err, arguments));
  }

  /**
   * Weaves.
   *
   * @param out for what was done
   * @param err for problems
   * @param arguments see {@code --help}
   * @return the status: 0, or 1 if something can't be woven, or 2 if the arguments are wrong
   */
  public static int run(PrintStream out, PrintStream err, String... arguments) {
    return new Main(out, err).run(List.of(arguments));
  }

  private int run(List<String> arguments) {
    try {
      parse(arguments.iterator());
    } catch (IllegalArgumentException e) {
      err.println("weft-weaver: " + e.getMessage());
      err.print(USAGE);
      return MISUSED;
    }
    if (help) {
      out.print(USAGE);
      return OK;
    }
    if (version) {
      String known = Main.class.getPackage().getImplementationVersion();
      out.println("weft-weaver " + (known == null ? "of an unknown version" : known));
      return OK;
    }
    try (ClassPath classPath = new ClassPath(path)) {
      int status = OK;
      for (Path folder : folders) {
        status = Math.max(status, weave(folder, classPath));
      }
      return status;
    } catch (IOException | UncheckedIOException | WeaveException e) {
      err.println("weft-weaver: " + e.getMessage());
      return FAILED;
    }
  }

  private void parse(Iterator<String> arguments) {
    while (arguments.hasNext()) {
      String argument = arguments.next();
      switch (argument) {
        case "-cp", "--classpath", "--class-path" ->
            path.addAll(ClassPath.split(value(argument, arguments)));
        case "--exclude" -> patterns.add(value(argument, arguments));
        case "--unwoven" -> unwoven = Path.of(value(argument, arguments));
        case "-q", "--quiet" -> quiet = true;
        case "-h", "--help" -> help = true;
        case "--version" -> version = true;
        default -> {
          if (argument.startsWith("-")) {
            throw new IllegalArgumentException("unknown option: " + argument);
          }
          folders.add(Path.of(argument));
        }
      }
    }
    excludes = Excludes.of(patterns);
    if (folders.isEmpty() && !help && !version) {
      throw new IllegalArgumentException("no folder is named");
    }
    if (folders.size() > 1 && unwoven != null) {
      throw new IllegalArgumentException("--unwoven is for one folder, not " + folders.size());
    }
  }

  private static String value(String option, Iterator<String> arguments) {
    if (!arguments.hasNext()) {
      throw new IllegalArgumentException(option + " needs a value");
    }
    return arguments.next();
  }

  private int weave(Path folder, ClassPath classPath) throws IOException {
    Path kept = unwoven == null ? ClassFolder.unwovenBeside(folder) : unwoven;
    ClassFolder.Summary done = ClassFolder.weave(folder, kept, classPath, excludes);
    done.problems().warnings().forEach(problem -> err.println("warning: " + problem));
    done.problems().errors().forEach(problem -> err.println("error: " + problem));
    if (done.problems().isFatal()) {
      err.println("weft-weaver: " + folder + ": nothing was woven");
      return FAILED;
    }
    if (done.read() == 0) {
      err.println("warning: " + folder + ": there are no class files in it");
    } else if (!quiet) {
      out.println(folder + ": " + done);
    }
    if (!done.problems().refused().isEmpty()) {
      err.println(
          "weft-weaver: %s: left as they are, since they can't be woven: %s"
              .formatted(folder, String.join(", ", done.problems().refused())));
      return FAILED;
    }
    return OK;
  }
}

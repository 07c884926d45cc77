// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/**
 * Plants one fault after the other in the library, and reports which of them the simulator or a
 * unit test finds. The program of scripts/mutate. The project's files are not changed: the faulty
 * class is compiled into a folder of its own, which comes first in the class path.
 */
final class MutationScore {
  private static final int SURVIVED = 1;
  private static final int WRONG_ARGUMENTS = 2;
  private static final long SECONDS_MAX = 300;
  private static final String EXPORTS = "java.base/jdk.internal.vm=ALL-UNNAMED";

  private final Path root;
  private final Path scratch;
  private int survivors;

  /** How a run of checks ended. */
  private record Outcome(boolean found, String how) {}

  private MutationScore(Path root, Path scratch) {
    this.root = root;
    this.scratch = scratch;
  }

  /** Arguments: the project's root, and the names of mutants, or none for all. */
  public static void main(String[] arguments) throws Exception {
    Path root = Path.of(arguments[0]);
    List<String> names = List.of(arguments).subList(1, arguments.length);
    List<Mutant> mutants = new ArrayList<>();
    try {
      List<Mutant> all = Mutant.readAll(root.resolve("reactor/sim/src/test/mutants"));
      for (String name : names) {
        mutants.add(
            all.stream()
                .filter(mutant -> mutant.name().equals(name))
                .findFirst()
                .orElseThrow(
                    () ->
                        new Mutant.Mismatch(
                            "no mutant "
                                + name
                                + "; there are "
                                + String.join(", ", all.stream().map(Mutant::name).toList()))));
      }
      if (names.isEmpty()) {
        mutants.addAll(all);
      }
    } catch (Mutant.Mismatch e) {
      System.err.println("mutate: " + e.getMessage());
      System.exit(WRONG_ARGUMENTS);
    }
    Path scratch = Files.createTempDirectory("weft-mutate");
    try {
      System.exit(new MutationScore(root, scratch).run(mutants));
    } finally {
      delete(scratch);
    }
  }

  private int run(List<Mutant> mutants) throws Exception {
    Set<String> checks = new LinkedHashSet<>();
    mutants.forEach(mutant -> checks.addAll(mutant.checks()));
    Outcome sound = runChecks(scratch, List.copyOf(checks));
    if (sound.found) {
      System.out.println("without a fault a check fails: " + sound.how);
      delete(scratch);
      return SURVIVED;
    }
    for (Mutant mutant : mutants) {
      plant(mutant);
    }
    System.out.println(mutants.size() - survivors + " of " + mutants.size() + " faults were found");
    delete(scratch);
    return survivors == 0 ? 0 : SURVIVED;
  }

  private void plant(Mutant mutant) throws IOException, InterruptedException {
    Path classes = scratch.resolve(mutant.name());
    Outcome outcome;
    try {
      compile(mutant, classes);
      outcome = runChecks(classes, mutant.checks());
    } catch (Mutant.Mismatch e) {
      outcome = new Outcome(false, e.getMessage());
    }
    survivors += outcome.found ? 0 : 1;
    System.out.printf(
        "%-9s %s (%s)%n          %s%n",
        outcome.found ? "found" : "SURVIVED", mutant.name(), mutant.what(), outcome.how);
  }

  private void compile(Mutant mutant, Path classes) throws IOException, Mutant.Mismatch {
    Path source = root.resolve(mutant.source());
    if (!Files.isRegularFile(source)) {
      throw new Mutant.Mismatch("there is no file " + mutant.source());
    }
    String text = mutant.apply(Files.readString(source));
    Path edited = Files.createDirectories(classes.resolve("source")).resolve(source.getFileName());
    Files.writeString(edited, text);
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    List<String> options =
        List.of(
            "-proc:none",
            "-nowarn",
            "-implicit:none",
            "--add-exports",
            EXPORTS,
            "-d",
            classes.toString(),
            "-cp",
            System.getProperty("java.class.path"));
    try (var files = compiler.getStandardFileManager(null, null, null)) {
      var units = files.getJavaFileObjects(edited);
      if (!compiler.getTask(messages, files, null, options, null, units).call()) {
        throw new Mutant.Mismatch("it does not compile: " + messages);
      }
    }
  }

  /** Runs the checks in a JVM of their own, which a fault may crash or block. */
  private Outcome runChecks(Path classes, List<String> checks)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-ea",
            "-Xmx512m",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Xshare:auto",
            "--enable-native-access=ALL-UNNAMED",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--add-exports=" + EXPORTS,
            "-cp",
            classes + File.pathSeparator + System.getProperty("java.class.path"),
            MutantChecks.class.getName()));
    command.addAll(checks);
    Path output = scratch.resolve("output");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      if (!process.waitFor(SECONDS_MAX, TimeUnit.SECONDS)) {
        return new Outcome(true, "it has not ended after " + SECONDS_MAX + " s");
      }
    } finally {
      process.destroyForcibly();
    }
    List<String> lines = Files.readAllLines(output);
    String last = lines.isEmpty() ? "" : lines.getLast();
    return switch (process.exitValue()) {
      case MutantChecks.PASSED -> new Outcome(false, last);
      case MutantChecks.FAILED -> new Outcome(true, last);
      default -> throw new IOException("the checks can't be run:\n" + String.join("\n", lines));
    };
  }

  private static void delete(Path directory) throws IOException {
    if (Files.exists(directory)) {
      List<Path> all;
      try (var files = Files.walk(directory)) {
        all = files.sorted(Comparator.reverseOrder()).toList();
      }
      for (Path each : all) {
        Files.delete(each);
      }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A planted fault: one small edit of a source file, and the checks that must find it.
 *
 * <p>Its file has a line that says what is wrong, a line {@code in PATH}, a line {@code found by
 * CHECK...}, and then pairs of the text that is replaced, after a line {@code ---}, and its
 * replacement, after a line {@code +++}. White space in the replaced text matches any white space,
 * so that a reformatted source still matches; the text must occur once.
 *
 * @param name the name of its file
 * @param what what is wrong with the edited source
 * @param source the file to edit, relative to the project's root
 * @param checks names of scenarios, and of test classes or methods ({@code Class#method})
 * @param edits what is replaced, in order
 */
record Mutant(String name, String what, String source, List<String> checks, List<Edit> edits) {
  /** One replacement. */
  record Edit(String before, String after) {}

  /** A mutant that can't be parsed, or that does not match the source any more. */
  static final class Mismatch extends Exception {
    private static final long serialVersionUID = 1L;

    Mismatch(String message) {
      super(message);
    }
  }

  private static final String SUFFIX = ".mutant";

  static List<Mutant> readAll(Path directory) throws IOException, Mismatch {
    List<Path> files;
    try (var all = Files.list(directory)) {
      files = all.filter(file -> file.toString().endsWith(SUFFIX)).sorted().toList();
    }
    List<Mutant> mutants = new ArrayList<>();
    for (Path file : files) {
      String fileName = String.valueOf(file.getFileName());
      String name = fileName.substring(0, fileName.length() - SUFFIX.length());
      mutants.add(parse(name, Files.readAllLines(file)));
    }
    return mutants;
  }

  private static Mutant parse(String name, List<String> lines) throws Mismatch {
    if (lines.size() < 4) {
      throw new Mismatch(name + ": it must have a description, a file, checks and an edit");
    }
    String source = after(name, "in ", lines.get(1));
    List<String> checks = List.of(after(name, "found by ", lines.get(2)).split(",? +"));
    List<Edit> edits = new ArrayList<>();
    List<String> before = new ArrayList<>();
    List<String> after = new ArrayList<>();
    boolean second = false;
    for (String line : lines.subList(3, lines.size())) {
      if (line.equals("---")) {
        add(edits, before, after);
        second = false;
      } else if (line.equals("+++")) {
        second = true;
      } else {
        (second ? after : before).add(line);
      }
    }
    add(edits, before, after);
    if (edits.isEmpty()) {
      throw new Mismatch(name + ": it has no edit");
    }
    return new Mutant(name, lines.getFirst(), source, checks, edits);
  }

  private static String after(String name, String prefix, String line) throws Mismatch {
    if (!line.startsWith(prefix)) {
      throw new Mismatch(name + ": \"" + prefix + "...\" was expected, not \"" + line + "\"");
    }
    return line.substring(prefix.length()).strip();
  }

  private static void add(List<Edit> edits, List<String> before, List<String> after) {
    if (!before.isEmpty()) {
      edits.add(new Edit(String.join("\n", before), String.join("\n", after)));
      before.clear();
      after.clear();
    }
  }

  /** The source with the fault in it. */
  String apply(String text) throws Mismatch {
    String edited = text;
    for (Edit edit : edits) {
      Matcher matcher = pattern(edit.before).matcher(edited);
      if (!matcher.find()) {
        throw new Mismatch(source + " does not contain: " + edit.before.strip());
      }
      int start = matcher.start();
      int end = matcher.end();
      if (matcher.find()) {
        throw new Mismatch(source + " contains it more than once: " + edit.before.strip());
      }
      edited = edited.substring(0, start) + edit.after + edited.substring(end);
    }
    return edited;
  }

  private static Pattern pattern(String before) {
    return Pattern.compile(
        Arrays.stream(before.strip().split("\\s+"))
            .map(Pattern::quote)
            .collect(Collectors.joining("\\s+")));
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** {@code docs/counterparts.md} names tests that exist, and leaves none of libdill's out. */
class CounterpartsTest {
  private static final Path BASE = Path.of(System.getProperty("basedir", ".")).toAbsolutePath();
  private static final Path FILE = BASE.resolve("docs/counterparts.md");

  private static final Pattern NAMED = Pattern.compile("`(\\w+)#(\\w+)`");

  /** The tests of all modules: class and source. */
  private static Map<String, String> tests() throws IOException {
    Map<String, String> sources = new HashMap<>();
    for (Path module : modules()) {
      Path folder = module.resolve("src/test/java");
      if (Files.isDirectory(folder)) {
        try (Stream<Path> files = Files.walk(folder)) {
          for (Path file : files.filter(path -> path.toString().endsWith("Test.java")).toList()) {
            String name = file.getFileName().toString().replace(".java", "");
            sources.merge(name, Files.readString(file), String::concat);
          }
        }
      }
    }
    return sources;
  }

  private static List<Path> modules() throws IOException {
    Path root = BASE.getParent();
    List<Path> modules =
        new ArrayList<>(List.of(root.resolve("bindings"), BASE, BASE.resolve("sim")));
    try (Stream<Path> examples = Files.list(root.resolve("examples"))) {
      modules.addAll(examples.toList());
    }
    return modules;
  }

  @Test
  void everyTestThatIsNamedExists() throws Exception {
    Map<String, String> sources = tests();
    Set<String> missing = new TreeSet<>();
    Set<String> named = new HashSet<>();
    NAMED
        .matcher(Files.readString(FILE))
        .results()
        .forEach(
            match -> {
              named.add(match.group());
              String source = sources.getOrDefault(match.group(1), "");
              if (!source.contains("void " + match.group(2) + "(")) {
                missing.add(match.group());
              }
            });
    assertEquals(Set.of(), missing);
    assertFalse(named.isEmpty());
  }

  @Test
  void everyTestOfLibdillHasALine() throws Exception {
    List<String> expected = new ArrayList<>();
    addNumbered(expected, "bundle", 13);
    addNumbered(expected, "chan", 12);
    addNumbered(expected, "choose", 16);
    addNumbered(expected, "fd", 9);
    addNumbered(expected, "go", 5);
    addNumbered(expected, "tcp", 8);
    expected.addAll(List.of("handle", "sleep", "signals", "overload", "example", "rbtree"));
    expected.addAll(List.of("threads", "threads2", "ipc 1–8", "iol", "ipaddr", "prefix"));
    expected.addAll(List.of("suffix", "term", "udp", "http", "ws", "tls", "socks5"));
    expected.add("happyeyeballs");

    List<String> lines = Files.readAllLines(FILE);
    expected.removeIf(test -> lines.stream().anyMatch(line -> hasAnswer(line, test)));

    assertEquals(List.of(), expected);
  }

  private static void addNumbered(List<String> expected, String name, int count) {
    for (int number = 1; number <= count; number++) {
      expected.add(name + " " + number);
    }
  }

  /** A test of ours, or why there is none. */
  private static boolean hasAnswer(String line, String test) {
    String[] cells = line.split("\\|", -1);
    return cells.length > 3
        && cells[1].strip().equals(test)
        && (NAMED.matcher(cells[3]).find() || cells[3].contains("none"));
  }
}

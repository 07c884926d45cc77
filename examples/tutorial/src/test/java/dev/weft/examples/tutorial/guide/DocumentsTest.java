// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial.guide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Quotes in the documents compile, links resolve, and lists are complete. */
class DocumentsTest {
  private static final Path ROOT =
      Path.of(System.getProperty("basedir", ".")).toAbsolutePath().resolve("../..").normalize();
  private static final Path DOCS = ROOT.resolve("reactor/docs");

  private static final Pattern JAVA = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
  private static final Pattern PROPERTY = Pattern.compile("\"(dev\\.weft(\\.[a-z]+)+)\"");

  private static List<Path> documents() throws IOException {
    List<Path> documents = new ArrayList<>();
    for (String name : List.of("README.md", "CONTRIBUTING.md")) {
      documents.add(ROOT.resolve(name));
    }
    documents.addAll(files(DOCS, ".md"));
    return documents;
  }

  private static List<Path> files(Path folder, String ending) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(file -> file.toString().endsWith(ending))
          .filter(file -> !ROOT.relativize(file).toString().contains("target/"))
          .sorted()
          .toList();
    }
  }

  /** The lines of {@code text} without their indentation, each with its line end. */
  private static String flat(String text) {
    StringBuilder flat = new StringBuilder("\n");
    text.lines().forEach(line -> flat.append(line.strip()).append('\n'));
    return flat.toString();
  }

  private static List<String> compiledSources() throws IOException {
    List<String> sources = new ArrayList<>();
    for (String folder :
        List.of(
            "reactor/src",
            "reactor/sim/src",
            "reactor/dns/src",
            "reactor/sockets/src",
            "examples")) {
      for (Path file : files(ROOT.resolve(folder), ".java")) {
        sources.add(flat(Files.readString(file)));
      }
    }
    return sources;
  }

  @Test
  void javaIsQuotedFromCompiledFilesBlockByBlock() throws Exception {
    List<String> sources = compiledSources();
    List<String> unknown = new ArrayList<>();
    int blocks = 0;

    for (Path document : documents()) {
      Matcher matcher = JAVA.matcher(Files.readString(document));
      while (matcher.find()) {
        String block = flat(matcher.group(1));
        blocks++;
        boolean isWhole = count(block, '{') == count(block, '}');
        if (!isWhole || sources.stream().noneMatch(source -> source.contains(block))) {
          unknown.add(ROOT.relativize(document) + ":\n" + matcher.group(1));
        }
      }
    }

    assertEquals(List.of(), unknown);
    assertFalse(blocks == 0, "no block of Java was found");
  }

  private static long count(String text, char character) {
    return text.chars().filter(other -> other == character).count();
  }

  @Test
  void linksLeadToFilesAndHeadings() throws Exception {
    List<String> broken = new ArrayList<>();
    int links = 0;

    for (Path document : documents()) {
      String text = Files.readString(document).replaceAll("(?s)```.*?```", "");
      for (MatchResult match : LINK.matcher(text).results().toList()) {
        String link = match.group(1);
        if (link.startsWith("https://")) {
          continue;
        }
        links++;
        String[] parts = link.split("#", 2);
        Path target = parts[0].isEmpty() ? document : document.resolveSibling(parts[0]).normalize();
        if (!Files.exists(target) || (parts.length == 2 && !hasAnchor(target, parts[1]))) {
          broken.add(ROOT.relativize(document) + ": " + link);
        }
      }
    }

    assertEquals(List.of(), broken);
    assertFalse(links == 0, "no link was found");
  }

  /** Whether a heading of the document has this anchor, as GitHub makes them. */
  private static boolean hasAnchor(Path document, String anchor) throws IOException {
    return Files.readAllLines(document).stream()
        .filter(line -> line.startsWith("#"))
        .map(line -> line.replaceFirst("^#+ ", "").toLowerCase(Locale.ROOT))
        .map(heading -> heading.replaceAll("[^\\p{L}\\d _-]", "").replace(' ', '-'))
        .anyMatch(anchor::equals);
  }

  @Test
  void theReferenceNamesEverySystemPropertyAndProgram() throws Exception {
    String reference = Files.readString(DOCS.resolve("reference.md"));
    Set<String> expected = new TreeSet<>();
    for (String folder :
        List.of("bindings", "reactor", "reactor/sim", "reactor/dns", "reactor/sockets")) {
      for (Path file : files(ROOT.resolve(folder).resolve("src/main/java"), ".java")) {
        String source = Files.readString(file);
        if (source.contains("getProperty") || source.contains("getBoolean")) {
          PROPERTY.matcher(source).results().forEach(match -> expected.add(match.group(1)));
        }
      }
    }
    assertTrue(expected.contains("dev.weft.fibers"), expected.toString());
    try (Stream<Path> scripts = Files.list(ROOT.resolve("scripts"))) {
      for (Path script :
          scripts.filter(Files::isRegularFile).filter(Files::isExecutable).toList()) {
        expected.add("scripts/" + script.getFileName());
      }
    }
    expected.removeIf(reference::contains);
    assertEquals(Set.of(), expected);
  }

  @Test
  void theArchitectureNamesEveryPackage() throws Exception {
    Set<String> expected = new TreeSet<>();
    try (Stream<Path> packages = Files.list(ROOT.resolve("reactor/src/main/java/dev/weft"))) {
      packages.filter(Files::isDirectory).forEach(path -> expected.add("" + path.getFileName()));
    }
    assertTrue(expected.remove("internal"), expected.toString());
    Path internal = ROOT.resolve("reactor/src/main/java/dev/weft/internal");
    try (Stream<Path> packages = Files.list(internal)) {
      packages
          .filter(path -> Files.exists(path.resolve("package-info.java"))) // not a folder of others
          .forEach(path -> expected.add("internal." + path.getFileName()));
    }

    String picture = Files.readString(DOCS.resolve("architecture.md")).split("```", -1)[1];
    Set<String> named = new TreeSet<>();
    Pattern.compile("[a-z.]+").matcher(picture).results().forEach(name -> named.add(name.group()));
    expected.removeAll(named);
    named.removeIf(name -> !name.startsWith("internal."));
    named.removeIf(
        name -> Files.isDirectory(internal.resolve(name.substring(9).replace('.', '/'))));
    assertEquals(Set.of(), expected, "not in the picture");
    assertEquals(Set.of(), named, "in the picture only");
  }

  @Test
  void theReadmeNamesTheBuiltVersion() throws Exception {
    Matcher version =
        Pattern.compile("<version>(.*)</version>")
            .matcher(Files.readString(ROOT.resolve("pom.xml")));
    assertTrue(version.find());
    String readme = Files.readString(ROOT.resolve("README.md"));
    assertTrue(readme.contains("<version>" + version.group(1) + "</version>"));
    assertTrue(readme.contains("dev.weft:weft-reactor:" + version.group(1)));
  }

  /** Fails if {@code scripts/plot} was not run after a change of the figures. */
  @Test
  void plotsMatchTheirFigures(@TempDir Path folder) throws Exception {
    List<Path> figures = files(DOCS.resolve("plots"), ".json");
    for (Path file : figures) {
      Files.copy(file, folder.resolve(file.getFileName()));
    }
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String plot = ROOT.resolve("scripts/Plot.java").toString();
    Process process = new ProcessBuilder(java, plot, folder.toString()).inheritIO().start();
    assertEquals(0, process.waitFor());

    assertEquals(2, figures.size());
    for (Path file : figures) {
      String name = file.getFileName().toString().replace(".json", ".svg");
      assertEquals(
          Files.readString(folder.resolve(name)), Files.readString(file.resolveSibling(name)));
    }
  }
}

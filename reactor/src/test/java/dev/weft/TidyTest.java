// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The repository's files are tidy: their words, sizes, headers and package descriptions.
 *
 * <p>{@code DocumentsTest} in examples/tutorial checks the rest of the documents: that links
 * resolve, and that Java is quoted from compiled files as whole blocks.
 */
@Tag("mode-independent")
class TidyTest {
  private static final int FILE_LINES_MAX = 520;
  private static final int BLOCK_LINES_MAX = 50;
  private static final int DOCUMENT_COLUMNS_MAX = 120;

  /** Java files that may be longer, each with the reason. */
  private static final Map<String, String> LONG_FILES =
      Map.of(
          "reactor/src/main/java/dev/weft/micro/MicroThread.java",
          "the methods of a thread as users see them, each with its documentation and few lines",
          "reactor/src/main/java/dev/weft/micro/MicroSocket.java",
          "the methods of a socket as users see them, each with its documentation and few lines");

  /** Java files that may have one longer block, each with the reason. */
  private static final Map<String, String> LONG_BLOCKS =
      Map.of(
          "examples/micro/src/test/java/dev/weft/examples/micro/http/HttpErrorTest.java",
          "a table of malformed requests",
          "reactor/weaver-tests/src/test/resources/programs/Exceptions.java",
          "a method to be woven, with all kinds of try in it");

  private static final Path ROOT =
      Path.of(System.getProperty("basedir", ".")).toAbsolutePath().resolve("..").normalize();
  private static final List<String> FOLDERS =
      List.of(".ci", ".mvn", "bindings", "examples", "native", "reactor", "scripts");
  private static final Set<String> NOT_OURS = Set.of("generated", "target");

  private static final String WORDS = "/tidy/words.txt";

  /** {@code maximum pattern -> what to use instead}. */
  private static final Pattern WORDS_LINE = Pattern.compile("(\\d+) +(.+?) -> (.+)");

  /** The line ends of a text that is wrapped, with what comments begin a line with. */
  private static final Pattern WRAP = Pattern.compile("\n *(?:\\*(?!/)|//|#+)? *");

  private static final Pattern TYPE =
      Pattern.compile("^[^(]*(?:\\([^)]*\\)[^(]*)*\\b(?:class|interface|enum|record) \\w+.*");

  /** An export to all modules. */
  private static final Pattern EXPORTS = Pattern.compile("(?m)^ *exports ([\\w.]+);");

  private static final Pattern TOP_LEVEL_TYPE =
      Pattern.compile("(?m)^(?:[a-z-]+ )*(?:class|interface|enum|record|@interface) \\w+");

  private static final Pattern NO_CODE =
      Pattern.compile(".*(?:\\bnew [^;]*\\)|=|\\]|\\() \\{|.*\\(\\{|[A-Z_\\d]+(?:\\(.*\\))? \\{");

  // ---- words

  @Test
  void bannedWordsAreAsFewAsListed() throws Exception {
    Map<String, String> texts = new TreeMap<>();
    for (Path file : sources()) {
      if (!file.toString().endsWith(WORDS)) {
        texts.put(name(file), unwrapped(Files.readString(file)));
      }
    }

    List<Matcher> lines = words().stream().map(WORDS_LINE::matcher).toList();
    lines.forEach(line -> assertTrue(line.matches(), line::toString));
    // Most files have none of the words, which one look shows.
    String any = String.join("|", lines.stream().map(line -> line.group(2)).toList());
    Pattern anyPhrase = phrase("(?:" + any + ")");
    texts.values().removeIf(text -> !anyPhrase.matcher(text).find());

    List<String> wrong = new ArrayList<>();
    for (Matcher matcher : lines) {
      int max = Integer.parseInt(matcher.group(1));
      List<String> places = places(texts, phrase(matcher.group(2)));
      if (places.size() > max) {
        wrong.add(matcher.group(2) + ": use " + matcher.group(3) + ": " + places);
      } else if (places.size() < max) {
        wrong.add(matcher.group(2) + ": lower the maximum to " + places.size());
      }
    }
    assertEquals(List.of(), wrong);
  }

  private static List<String> words() throws IOException {
    try (InputStream in = TidyTest.class.getResourceAsStream(WORDS)) {
      return new String(in.readAllBytes(), UTF_8)
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .toList();
    }
  }

  /** Whole words, also those that a name in camel case is made of. */
  private static Pattern phrase(String regex) {
    String start = "(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]))";
    return Pattern.compile(start + "(?i:" + regex.replace(" ", "[ \n]") + ")(?![a-z])");
  }

  private static List<String> places(Map<String, String> texts, Pattern pattern) {
    List<String> places = new ArrayList<>();
    texts.forEach(
        (name, text) -> {
          Matcher matcher = pattern.matcher(text);
          while (matcher.find()) {
            String before = text.substring(0, matcher.start());
            places.add(name + ":" + (before.chars().filter(c -> c == '\n').count() + 1));
          }
        });
    return places;
  }

  /** Drops the comment marks that begin lines, so that phrases are found across line ends. */
  private static String unwrapped(String text) {
    return WRAP.matcher(text).replaceAll("\n");
  }

  // ---- sizes

  @Test
  void filesAndBlocksAreShort() throws Exception {
    Set<String> longFiles = new TreeSet<>();
    Set<String> longBlocks = new TreeSet<>();
    List<String> places = new ArrayList<>();
    for (Path file : sources(".java")) {
      List<String> lines = Files.readAllLines(file);
      if (lines.size() > FILE_LINES_MAX) {
        longFiles.add(name(file));
      }
      for (int line : longBlocks(lines)) {
        longBlocks.add(name(file));
        places.add(name(file) + ":" + line);
      }
    }

    assertEquals(new TreeSet<>(LONG_FILES.keySet()), longFiles);
    assertEquals(new TreeSet<>(LONG_BLOCKS.keySet()), longBlocks, places::toString);
  }

  /**
   * The first lines of blocks that are too long: the bodies of methods and lambdas and what is in
   * them, but not of types. The formatter puts the brace that ends a block first on its line.
   */
  private static List<Integer> longBlocks(List<String> lines) {
    record Block(int line, boolean isCode) {}

    List<Integer> found = new ArrayList<>();
    Deque<Block> open = new ArrayDeque<>();
    StringBuilder statement = new StringBuilder();
    boolean isText = false;
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).replaceFirst(" // [^\"]*$", "").strip();
      boolean wasText = isText;
      isText ^= line.split("\"\"\"", -1).length % 2 == 0;
      if (wasText || line.startsWith("*") || line.startsWith("/")) {
        continue;
      }

      statement.append(line).append(' ');
      if (line.startsWith("}")) {
        Block block = open.pop();
        if (block.isCode && i - block.line > BLOCK_LINES_MAX) {
          found.add(block.line);
        }
      }
      if (line.endsWith("{")) {
        String head = statement.toString().strip();
        boolean isCode = !TYPE.matcher(head).matches() && !NO_CODE.matcher(head).matches();
        open.push(new Block(i + 1, isCode));
      }
      if (line.isEmpty() || line.endsWith("{") || line.endsWith("}") || line.endsWith(";")) {
        statement.setLength(0);
      }
    }
    assertTrue(open.isEmpty(), () -> "a block that has no end: " + open);
    return found;
  }

  /** Rows of tables can't be broken. */
  @Test
  void linesOfDocumentsHaveAtMost120Columns() throws Exception {
    List<String> tooLong = new ArrayList<>();
    for (Path file : sources(".md")) {
      List<String> lines = Files.readAllLines(file);
      for (int i = 0; i < lines.size(); i++) {
        if (lines.get(i).length() > DOCUMENT_COLUMNS_MAX && !lines.get(i).startsWith("|")) {
          tooLong.add(name(file) + ":" + (i + 1));
        }
      }
    }
    assertEquals(List.of(), tooLong);
  }

  // ---- headers

  @Test
  void sourcesNameTheirLicense() throws Exception {
    List<String> without = new ArrayList<>();
    for (Path file : sources()) {
      if (isSource(file)
          && Files.readAllLines(file).stream()
              .limit(3)
              .noneMatch(line -> line.contains("SPDX-License-Identifier: Apache-2.0"))) {
        without.add(name(file));
      }
    }
    assertEquals(List.of(), without);
  }

  /** Not documents, data, and what has a licence of its own. */
  private static boolean isSource(Path file) {
    String fileName = file.getFileName().toString();
    return fileName.matches(".*\\.(java|xml|properties|c|h|map)|Makefile")
        || Files.isExecutable(file);
  }

  @Test
  void packagesAreDescribed() throws Exception {
    List<String> silent = new ArrayList<>();
    Set<String> described = new TreeSet<>();
    Set<String> packages = new TreeSet<>();
    for (Path file : sources(".java")) {
      String[] parts = name(file.getParent()).split("/src/main/java/", 2);
      if (parts.length < 2) {
        continue; // a test, a script, or a module-info
      }
      packages.add(parts[1]);
      if (file.endsWith("package-info.java")) {
        described.add(parts[1]);
        long lines =
            Files.readAllLines(file).stream().filter(line -> line.matches(" \\* .+")).count();
        if (lines < 2) {
          silent.add(name(file));
        }
      }
    }

    packages.removeAll(described);
    assertEquals(Set.of(), packages, "without a package-info");
    assertEquals(List.of(), silent);
  }

  // ---- packages that users see

  /** Helper types belong into internal packages, or into the type that they help. */
  @Test
  void exportedPackagesHoldPublicTypesOnly() throws Exception {
    List<String> offenders = new ArrayList<>();
    int checked = 0;
    for (Path module : sources("/src/main/java/module-info.java")) {
      Matcher exports = EXPORTS.matcher(Files.readString(module));
      while (exports.find()) {
        Path folder = module.resolveSibling(exports.group(1).replace('.', '/'));
        for (Path file : sources(".java")) {
          if (file.getParent().equals(folder) && !file.endsWith("package-info.java")) {
            checked++;
            hiddenTypes(Files.readString(file)).forEach(type -> offenders.add(name(file) + type));
          }
        }
      }
    }

    assertEquals(List.of(), offenders);
    assertTrue(checked > 0, "no exported package was found");
  }

  private static Stream<String> hiddenTypes(String source) {
    return TOP_LEVEL_TYPE
        .matcher(source)
        .results()
        .map(MatchResult::group)
        .filter(head -> !head.startsWith("public "));
  }

  // ---- files

  private static String name(Path file) {
    return ROOT.relativize(file).toString();
  }

  private static List<Path> sources(String ending) throws IOException {
    return sources().stream().filter(file -> file.toString().endsWith(ending)).toList();
  }

  private static List<Path> sources() throws IOException {
    List<Path> files = new ArrayList<>();
    for (String document : List.of("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "pom.xml")) {
      files.add(ROOT.resolve(document));
    }
    for (String folder : FOLDERS) {
      Files.walkFileTree(
          ROOT.resolve(folder),
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes) {
              boolean isOurs = !NOT_OURS.contains(path.getFileName().toString());
              return isOurs ? FileVisitResult.CONTINUE : FileVisitResult.SKIP_SUBTREE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              files.add(file);
              return FileVisitResult.CONTINUE;
            }
          });
    }
    assertTrue(files.size() > FOLDERS.size(), "no sources were found");
    return files;
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The planted faults of scripts/mutate match the sources, so that none is skipped silently. */
@Tag("mode-independent")
class MutantsTest {
  private static final Path ROOT =
      Path.of(System.getProperty("basedir", ".")).toAbsolutePath().getParent().getParent();

  private static final List<Path> TEST_FOLDERS =
      List.of(ROOT.resolve("reactor/src/test/java"), ROOT.resolve("reactor/sim/src/test/java"));

  @Test
  void eachPlantedFaultMatchesTheSource() throws Exception {
    List<Mutant> mutants = Mutant.readAll(ROOT.resolve("reactor/sim/src/test/mutants"));

    for (Mutant mutant : mutants) {
      String source = Files.readString(ROOT.resolve(mutant.source()));
      assertNotEquals(source, mutant.apply(source), mutant.name());
    }
    assertFalse(mutants.isEmpty());
  }

  @Test
  void eachPlantedFaultNamesChecksThatExist() throws Exception {
    String tests = tests();

    for (Mutant mutant : Mutant.readAll(ROOT.resolve("reactor/sim/src/test/mutants"))) {
      for (String check : mutant.checks()) {
        if (check.contains(".")) {
          String[] parts = check.split("[#(]", -1);
          assertTrue(isClass(parts[0]), mutant.name() + ": " + check);
          assertTrue(
              parts.length == 1 || tests.contains("void " + parts[1] + "("),
              mutant.name() + ": " + check);
        } else {
          assertDoesNotThrow(() -> Scenarios.named(check), mutant.name());
        }
      }
    }
  }

  private static boolean isClass(String name) {
    String file = name.replace('.', '/') + ".java";
    return TEST_FOLDERS.stream().anyMatch(folder -> Files.exists(folder.resolve(file)));
  }

  /** Whether it is a file with tests; those of a contract are inherited. */
  private static boolean hasTests(Path file) {
    String name = file.toString();
    return name.endsWith("Test.java") || name.endsWith("Contract.java");
  }

  private static String tests() throws IOException {
    StringBuilder all = new StringBuilder();
    for (Path folder : TEST_FOLDERS) {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.filter(MutantsTest::hasTests).toList()) {
          all.append(Files.readString(file));
        }
      }
    }
    return all.toString();
  }
}

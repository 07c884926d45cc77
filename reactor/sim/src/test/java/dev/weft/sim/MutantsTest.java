// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The planted faults of scripts/mutate match the sources, so that none is skipped silently. */
@Tag("mode-independent")
class MutantsTest {
  private static final Path ROOT =
      Path.of(System.getProperty("basedir", ".")).toAbsolutePath().getParent().getParent();

  @Test
  void eachPlantedFaultMatchesTheSource() throws Exception {
    List<Mutant> mutants = Mutant.readAll(ROOT.resolve("reactor/sim/src/test/mutants"));

    for (Mutant mutant : mutants) {
      String source = Files.readString(ROOT.resolve(mutant.source()));
      assertNotEquals(source, mutant.apply(source), mutant.name());
    }
    assertFalse(mutants.isEmpty());
  }
}

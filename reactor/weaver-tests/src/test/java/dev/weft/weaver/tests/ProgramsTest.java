// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.routine.Routine;
import dev.weft.weaver.tests.Woven.Run;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each construct of the language behaves the same woven, stackful, and as compiled. */
class ProgramsTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Loops",
        "Operands",
        "Exceptions",
        "Recursion",
        "Patterns",
        "Inheritance",
        "Inheritance$Base",
        "Inheritance$Derived",
        "Inheritance$Quiet",
        "Inheritance$Tree",
        "Lambdas",
        "Places"
      })
  void wovenProgramBehavesAsStackful(String name) throws Exception {
    StringBuilder log = Programs.log(Programs.WOVEN);
    Routine unwoven = Programs.ORIGINAL.routine("programs." + name);
    Run original = Woven.run(unwoven, Programs.log(Programs.ORIGINAL));
    Run stackful = Woven.run(Programs.WOVEN.routine("programs." + name).stackful(), log);

    Run woven = Woven.run(Programs.WOVEN.routine("programs." + name), log);

    assertEquals(original, stackful);
    assertEquals(original, woven);
    assertTrue(!woven.log().isEmpty());
  }

  @Test
  void everyClassPassesTheVerifier() throws Exception {
    Programs.WOVEN.loadAll();
  }
}

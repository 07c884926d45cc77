// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The reserve of stack depends on how the JVM checks the stack, interpreted and compiled. */
@Tag("mode-independent")
class StackReserveTest {
  @ParameterizedTest
  @ValueSource(
      strings = {"-Xint", "-XX:TieredStopAtLevel=1", "-XX:-TieredCompilation", "-Xshare:auto"})
  void theFramesThatItPromisesFitWhereverTheCheckPasses(String mode) throws Exception {
    List<String> options = List.of("-XX:TieredStopAtLevel=4", "-Xbatch", "-Xss512k", mode);

    assertEquals(List.of("suffices"), ChildJvm.run(options, StackReserveProbe.class));
  }
}

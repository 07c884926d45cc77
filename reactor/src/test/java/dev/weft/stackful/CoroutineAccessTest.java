// SPDX-License-Identifier: Apache-2.0
package dev.weft.stackful;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.ChildJvm;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Which JVM options coroutines need. */
@Tag("needs-stack")
class CoroutineAccessTest {
  private static final String EXPORT = "--add-exports=java.base/jdk.internal.vm=ALL-UNNAMED";

  /** A native library that can't be loaded, so that it opens no package. */
  private static final String NO_LIBRARY = "-Ddev.weft.native.path=/nonexistent";

  @Test
  void coroutinesNeedNoFlagOnTheClassPath() throws Exception {
    assertEquals(List.of("sum: 5050", "held: true"), probe());
  }

  @Test
  void coroutinesNeedNoNativeLibraryWithTheFlag() throws Exception {
    assertEquals(List.of("sum: 5050", "held: true"), probe(NO_LIBRARY, EXPORT));
  }

  @Test
  void withoutFlagAndNativeLibraryTheMessageNamesTheFlag() throws Exception {
    assertEquals(
        List.of(
            "refused: coroutines need a package that this JVM does not export; start it with "
                + EXPORT),
        probe(NO_LIBRARY));
  }

  private static List<String> probe(String... options) throws Exception {
    return ChildJvm.run(List.of(options), CoroutineProbe.class);
  }
}

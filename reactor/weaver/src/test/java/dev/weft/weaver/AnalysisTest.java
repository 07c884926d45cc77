// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.weaver.analysis.ControlFlow;
import dev.weft.weaver.analysis.FrameTypes;
import dev.weft.weaver.model.ClassInfo.Role;
import dev.weft.weaver.model.ClassTable;
import dev.weft.weaver.model.MethodInfo;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The analysis understands what compilers write: it follows the JDK's own classes. */
class AnalysisTest {
  private static final Path MODULES = FileSystems.getFileSystem(URI.create("jrt:/")).getPath("/");

  /** Large enough to have every instruction, small enough not to be waited for. */
  private static final String PACKAGE = "modules/java.base/java/util";

  @Test
  void everyMethodOfJavaUtilIsAnalysed() throws IOException {
    ClassTable table = new ClassTable(new ClassPath(List.of()));
    int methods = 0;

    try (Stream<Path> files = Files.walk(MODULES.resolve(PACKAGE))) {
      for (Path file : files.filter(each -> each.toString().endsWith(".class")).toList()) {
        for (MethodInfo method : table.add(Files.readAllBytes(file), Role.OURS).methods()) {
          if (!method.code().isEmpty()) {
            follow(method);
            methods++;
          }
        }
      }
    }

    assertTrue(methods > 10_000, methods + " methods");
  }

  private static void follow(MethodInfo method) {
    FrameTypes types =
        new FrameTypes(method); // throws where it disagrees with the compiler's stack maps
    ControlFlow flow = new ControlFlow(method.code());
    assertTrue(types.before(0) != null, method::toString);
    assertTrue(!flow.isMonitorHeld(0), method::toString);
  }
}

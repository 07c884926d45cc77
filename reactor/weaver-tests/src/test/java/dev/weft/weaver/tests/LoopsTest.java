// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.routine.codegen.Context;
import java.lang.classfile.ClassFile;
import java.lang.classfile.MethodModel;
import java.lang.constant.ClassDesc;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A resumed method enters a loop by its only entry; C2 does not optimise loops with two. */
class LoopsTest {
  private static final ClassDesc CONTEXT = ClassDesc.of(Context.class.getName());

  private static List<MethodModel> woven(Woven of) {
    List<MethodModel> found = new ArrayList<>();
    for (byte[] bytes : of.result.classes().values()) {
      for (MethodModel method : ClassFile.of().parse(bytes).methods()) {
        if (method.methodTypeSymbol().parameterList().contains(CONTEXT)
            && method.code().isPresent()) {
          found.add(method);
        }
      }
    }
    return found;
  }

  private static List<String> withTwoEntrances(List<MethodModel> methods) {
    return methods.stream()
        .filter(method -> !new ControlFlow(method.code().orElseThrow()).isReducible())
        .map(MethodModel::toString)
        .toList();
  }

  @Test
  void loopsOfWovenProgramsHaveOneEntrance() {
    List<MethodModel> methods = woven(Programs.WOVEN);

    assertEquals(List.of(), withTwoEntrances(methods));
    long loops =
        methods.stream()
            .filter(method -> new ControlFlow(method.code().orElseThrow()).hasLoop())
            .count();
    assertTrue(loops >= 10, loops + " methods with loops");
  }

  @Test
  void loopsInLoopsAndTriesHaveOneEntrance() {
    Woven nested =
        Woven.of(
            "p.T",
            """
            package p;
            import dev.weft.routine.Routine;
            class T extends Routine {
              int n;
              protected void run() {
                outer:
                while (n < 1000) {
                  for (int i = 0; i < 10; i++) {
                    try {
                      n += awaitInt();
                      do {
                        suspend();
                        for (int j = 0; j < i; j++) { n ^= j; }
                        if (n == 7) { continue outer; }
                        if (n == 8) { break outer; }
                      } while (n++ % 3 != 0);
                    } catch (RuntimeException e) {
                      n += awaitInt();
                    } finally {
                      for (int k = 0; k < 3; k++) { suspend(); n++; }
                    }
                  }
                  suspend();
                }
                while (n-- > 0) { n -= awaitInt(); }
              }
            }
            """);

    assertEquals("[]", nested.result.problems().errors().toString());
    assertEquals(List.of(), withTwoEntrances(woven(nested)));
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The size of woven code grows linearly with that of the source code. */
class SizeTest {
  private static final int LIVE = 10;
  private static final String CALL = "    s += \"x\" + awaitInt();\n";

  /** Code patterns with a number of suspending calls. */
  enum Shape {
    /** Consecutive calls, each with the results of the earlier ones. */
    CALLS {
      @Override
      String body(int count) {
        return CALL.repeat(count);
      }
    },

    /** Many locals, most of which each call must save. */
    LOCALS {
      @Override
      String body(int count) {
        StringBuilder body = new StringBuilder("    Object o0 = s");
        for (int i = 1; i < LIVE; i++) {
          body.append(", o%d = o%d".formatted(i, i - 1));
        }
        body.append(";\n");
        for (int i = 0; i < count; i++) {
          body.append("    o%d = await();\n".formatted(i % LIVE));
        }
        for (int i = 0; i < LIVE; i++) {
          body.append("    s += o%d;\n".formatted(i));
        }
        return body.toString();
      }
    },

    /** Tries with a finally, each of which has four calls, as javac repeats the finally. */
    TRIES {
      @Override
      String body(int count) {
        String each =
            "    try { s += await(); } catch (IllegalStateException e) { s += e; }"
                + " finally { s = s + \"f\"; suspend(); }\n";
        return each.repeat(count / 4);
      }
    },

    /** Tries in the handlers of others, to a depth of five. */
    NESTED {
      @Override
      String body(int count) {
        StringBuilder nest = new StringBuilder();
        for (int i = 0; i < 5; i++) {
          nest.append("    try { s += await(); } catch (RuntimeException e%d) {\n".formatted(i));
        }
        nest.append("    }".repeat(5)).append('\n');
        return nest.toString().repeat(count / 5);
      }
    },

    /** All in two nested loops. */
    LOOPS {
      @Override
      String body(int count) {
        return "    while (s != null) { for (int i = 0; i < 9; i++) {\n"
            + CALL.repeat(count)
            + "    } }\n";
      }
    };

    abstract String body(int count);
  }

  /** The size of the class and of all classes generated for it. */
  private static long bytes(Shape shape, int count) {
    Woven woven =
        Woven.of(
            "p.T",
            "package p;\nclass T extends dev.weft.routine.Routine {\n  String s;\n  protected void run()"
                + " { }\n  void m(String s) {\n"
                + shape.body(count)
                + "    this.s = s;\n  }\n}\n");
    assertEquals(List.of(), List.copyOf(woven.result.problems().errors()));
    return woven.result.classes().values().stream().mapToLong(bytes -> bytes.length).sum();
  }

  @ParameterizedTest
  @EnumSource
  void codeSizeGrowsLinearlyWithTheCalls(Shape shape) {
    for (int count : List.of(20, 40, 80)) {
      long once = bytes(shape, count);
      long twice = bytes(shape, 2 * count);
      assertTrue(twice < 2.2 * once, shape + ": " + count + " calls: " + once + ", then " + twice);
    }
  }
}

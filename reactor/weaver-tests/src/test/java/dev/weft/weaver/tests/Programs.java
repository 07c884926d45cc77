// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The programs in the test resources, woven together. */
final class Programs {
  private static final List<String> FILES =
      List.of(
          "Log",
          "Loops",
          "Operands",
          "Exceptions",
          "Recursion",
          "Patterns",
          "Inheritance",
          "Lambdas",
          "Places",
          "Unsaved");

  static final Woven WOVEN = Woven.of(sources());

  /** The same classes as compiled. */
  static final Woven ORIGINAL = Woven.asIs(WOVEN.originals);

  private Programs() {}

  private static Map<String, String> sources() {
    Map<String, String> sources = new TreeMap<>();
    for (String file : FILES) {
      sources.put("programs." + file, read("/programs/" + file + ".java"));
    }
    return sources;
  }

  static String read(String resource) {
    try (InputStream in = Programs.class.getResourceAsStream(resource)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static StringBuilder log(Woven programs) throws ReflectiveOperationException {
    return (StringBuilder) programs.type("programs.Log").getField("LOG").get(null);
  }
}

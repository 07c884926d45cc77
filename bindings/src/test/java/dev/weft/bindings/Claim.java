// SPDX-License-Identifier: Apache-2.0
package dev.weft.bindings;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * One property of C that the bindings assume.
 *
 * @param subject the name in C; unique
 * @param value the value in the bindings
 * @param question C statements that print the compiler's value without a line end; null for a
 *     function, which is compared by its declaration
 */
record Claim(String subject, String value, String question) {

  static Claim ofNumber(String subject, long value, String expression) {
    return new Claim(subject, Long.toString(value), "NUMBER(" + expression + ");");
  }

  /** Width and bits, so that a constant that has become wider is reported too. */
  static Claim ofConstant(String name, Number value) {
    String bits =
        value instanceof Long
            ? "8 bytes 0x%x".formatted(value)
            : "4 bytes 0x%x".formatted(value.intValue());
    return new Claim(name, bits, "CONSTANT(" + name + ");");
  }

  static Claim ofSignature(String function, String signature) {
    return new Claim(function + "()", signature, null);
  }

  Claim saying(String other) {
    return new Claim(subject, other, question);
  }

  boolean isSignature() {
    return question == null;
  }

  String function() {
    return subject.substring(0, subject.length() - "()".length());
  }

  /** Returns one line for each claim that differs from the compiler's value. */
  static List<String> differences(List<Claim> claims, Map<String, String> answers) {
    List<String> differences = new ArrayList<>();
    for (Claim claim : claims) {
      String answer = answers.getOrDefault(claim.subject, "nothing");
      if (!claim.value.equals(answer)) {
        differences.add(
            "%s: the bindings say %s, C says %s".formatted(claim.subject, claim.value, answer));
      }
    }
    return differences;
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.common;

import java.util.List;
import picocli.CommandLine.Model.PositionalParamSpec;

/** The operands of a program that takes any number of one kind. */
public final class Operands {
  private Operands() {}

  /**
   * Operands that are read as text.
   *
   * @param label what one of them is, for the help
   * @param arity how many there may be, such as {@code 0..*}
   * @return what a program adds to its command line
   */
  public static PositionalParamSpec texts(String label, String arity) {
    return PositionalParamSpec.builder()
        .paramLabel(label)
        .type(List.class)
        .auxiliaryTypes(String.class)
        .arity(arity)
        .build();
  }
}

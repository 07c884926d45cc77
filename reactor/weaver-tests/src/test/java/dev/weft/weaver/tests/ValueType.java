// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

/** The types of expressions in generated programs. */
enum ValueType {
  INT("int"),
  LONG("long"),
  FLOAT("float"),
  DOUBLE("double"),
  BOOL("boolean"),
  TEXT("String");

  final String word;

  ValueType(String word) {
    this.word = word;
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.http;

import dev.weft.micro.MicroBlock;
import org.jspecify.annotations.Nullable;

/** The known methods of requests. */
enum Method {
  GET(0, false),
  HEAD(1, false),
  POST(2, true),
  PUT(3, true),
  DELETE(4, true),
  OPTIONS(5, true),
  PATCH(6, true);

  private static final Method[] ALL = values();

  /** The index in this list, which represents the method in a {@link Head}. */
  final int code;

  /** Whether the response echoes the body of the request. */
  final boolean echoes;

  Method(int code, boolean echoes) {
    this.code = code;
    this.echoes = echoes;
  }

  static Method of(int code) {
    return ALL[code];
  }

  /** The method with that name, which is case-sensitive; null if unknown. */
  static @Nullable Method of(MicroBlock line, int from, int to) {
    for (Method method : ALL) {
      if (Ascii.is(line, from, to, method.name())) {
        return method;
      }
    }
    return null;
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.http;

import dev.weft.micro.MicroBlock;

/** The target of a request. */
final class Target {
  private Target() {}

  /** Whether the path of a target, which may be a URI with a query, is {@code path}. */
  static boolean isPath(MicroBlock target, int from, int to, String path) {
    int start = from;
    if (from < to && target.getByte(from) != '/') {
      start = find(target, find(target, from, to, ':') + 3, to, '/');
    }
    return Ascii.is(target, Math.min(start, to), find(target, start, to, '?'), path);
  }

  private static int find(MicroBlock target, int from, int to, char wanted) {
    int at = Math.min(from, to);
    while (at < to && target.getByte(at) != wanted) {
      at++;
    }
    return at;
  }
}

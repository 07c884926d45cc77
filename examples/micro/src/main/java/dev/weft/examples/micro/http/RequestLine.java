// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.http;

import dev.weft.micro.MicroBlock;
import org.jspecify.annotations.Nullable;

/**
 * The first line of a request: method, target and version, with one space between them (RFC 9112,
 * 3). It is parsed strictly, so that no other server can have interpreted it differently.
 */
final class RequestLine {
  /** HTTP/0.9: no version, no fields, and a response that is a body only. */
  static final int VERSION_0_9 = 9;

  static final int VERSION_1_0 = 10;

  /** HTTP/1.1 and later minor versions. */
  static final int VERSION_1_1 = 11;

  private static final int VERSION_LENGTH = "HTTP/1.1".length();

  /** Null if the method is unknown. */
  @Nullable Method method;

  int version;
  int targetStart;
  int targetEnd;

  private void clear() {
    method = null;
    version = VERSION_1_1;
    targetStart = 0;
    targetEnd = 0;
  }

  /** The line is too long or truncated; returns the status to answer. */
  int incomplete(boolean tooLong) {
    clear();
    return tooLong ? Status.TARGET_TOO_LONG : Status.BAD_REQUEST;
  }

  /** Reads the line; returns 0 or the status to answer. */
  int parse(MicroBlock line, int length) {
    int end = Ascii.lineEnd(line, length);
    clear();
    int methodEnd = 0;
    while (methodEnd < end && Ascii.isToken(line.getByte(methodEnd))) {
      methodEnd++;
    }
    if (methodEnd == 0 || methodEnd == end || line.getByte(methodEnd) != ' ') {
      return Status.BAD_REQUEST;
    }
    method = Method.of(line, 0, methodEnd);
    int at = methodEnd + 1;
    while (at < end && Ascii.isVisible(line.getByte(at))) {
      at++;
    }
    targetStart = methodEnd + 1;
    targetEnd = at;
    int status = at == end ? old() : version(line, at, end);
    return status == 0 && !isTarget(line) ? Status.BAD_REQUEST : status;
  }

  private int old() {
    version = VERSION_0_9;
    return method == Method.GET ? 0 : Status.BAD_REQUEST;
  }

  private int version(MicroBlock line, int space, int end) {
    int at = space + 1;
    if (line.getByte(space) != ' '
        || end - at != VERSION_LENGTH
        || !Ascii.is(line, at, at + 5, "HTTP/")
        || !Ascii.isDigit(line.getByte(at + 5))
        || line.getByte(at + 6) != '.'
        || !Ascii.isDigit(line.getByte(at + 7))) {
      return Status.BAD_REQUEST;
    }
    if (line.getByte(at + 5) != '1') {
      return Status.VERSION_NOT_SUPPORTED; // the preface of HTTP/2 is answered so as well
    }
    version = line.getByte(at + 7) == '0' ? VERSION_1_0 : VERSION_1_1;
    return 0;
  }

  /**
   * Whether the target is a path, a URI, or the star of OPTIONS (RFC 9112, 3.2). Unknown methods
   * may have other targets, as CONNECT does.
   */
  private boolean isTarget(MicroBlock line) {
    if (targetStart == targetEnd || method == null) {
      return targetStart < targetEnd;
    }
    byte first = line.getByte(targetStart);
    return first == '/'
        || (first == '*' && targetEnd - targetStart == 1 && method == Method.OPTIONS)
        || isUri(line);
  }

  private boolean isUri(MicroBlock line) {
    int colon = targetStart;
    while (colon < targetEnd && line.getByte(colon) != ':') {
      colon++;
    }
    boolean known =
        Ascii.isIgnoringCase(line, targetStart, colon, "http")
            || Ascii.isIgnoringCase(line, targetStart, colon, "https");
    int at = colon + 3;
    return known
        && at < targetEnd
        && Ascii.is(line, colon, at, "://")
        && Authority.isNamed(line, at, authorityEnd(line, at));
  }

  private int authorityEnd(MicroBlock line, int from) {
    int at = from;
    while (at < targetEnd && "/?#".indexOf(line.getByte(at)) < 0) {
      at++;
    }
    return at;
  }
}

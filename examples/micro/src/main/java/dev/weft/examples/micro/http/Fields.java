// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.http;

import dev.weft.micro.MicroBlock;

/**
 * The meaning of the header fields of one request. Each line is parsed once and not kept: only
 * fields that affect framing and the connection matter here.
 *
 * <p>Ambiguous fields are refused, since a proxy in front of this server may interpret them
 * differently and let a hidden request through (request smuggling, RFC 9112, 11.2).
 */
final class Fields {
  static final int LINES_MAX = 100;
  static final int BYTES_MAX = 64 << 10;

  /** Every number of so many decimal digits fits a long. */
  private static final int DIGITS_MAX = 18;

  private static final long NONE = -1;

  private int lines;
  private int bytes;
  private int hosts;
  private long contentLength;
  private boolean chunked;
  private boolean close;
  private boolean keepAlive;
  private boolean expectsContinue;
  private boolean expectsElse;
  private boolean codingUnknown;

  Fields() {
    clear();
  }

  void clear() {
    lines = 0;
    bytes = 0;
    hosts = 0;
    contentLength = NONE;
    chunked = false;
    close = false;
    keepAlive = false;
    expectsContinue = false;
    expectsElse = false;
    codingUnknown = false;
  }

  boolean isChunked() {
    return chunked;
  }

  /** How many bytes the body has; 0 if there is none. */
  long bodyBytes() {
    return contentLength == NONE ? 0 : contentLength;
  }

  boolean hasBody() {
    return chunked || contentLength > 0;
  }

  boolean expectsContinue() {
    return expectsContinue;
  }

  boolean saysKeepAlive() {
    return keepAlive;
  }

  /** Whether the connection ends with this request. */
  boolean closes(int version) {
    return close || version == RequestLine.VERSION_0_9 || (isOld(version) && !keepAlive);
  }

  private static boolean isOld(int version) {
    return version == RequestLine.VERSION_1_0;
  }

  /** Checks all fields together; returns the status of an error, or 0. */
  int check(int version) {
    boolean coded = chunked || codingUnknown;
    if (coded && (contentLength != NONE || isOld(version))) {
      return Status.BAD_REQUEST;
    }
    if (hosts > 1 || (hosts == 0 && version == RequestLine.VERSION_1_1)) {
      return Status.BAD_REQUEST;
    }
    if (codingUnknown) {
      return Status.NOT_IMPLEMENTED;
    }
    if (isOld(version)) {
      expectsContinue = false; // a client of HTTP/1.0 can't understand it (RFC 9110, 10.1.1)
      return 0;
    }
    return expectsElse ? Status.EXPECTATION_FAILED : 0;
  }

  /** Reads the line of one field; returns 0 or the status to answer. */
  int add(MicroBlock line, int length) {
    lines++;
    bytes += length;
    if (lines > LINES_MAX || bytes > BYTES_MAX) {
      return Status.FIELDS_TOO_LARGE;
    }
    int end = Ascii.lineEnd(line, length);
    int colon = 0;
    while (colon < end && Ascii.isToken(line.getByte(colon))) {
      colon++;
    }
    // Refuses names followed by a space, and folded lines.
    if (colon == 0 || colon == end || line.getByte(colon) != ':') {
      return Status.BAD_REQUEST;
    }
    for (int i = colon + 1; i < end; i++) {
      if (!Ascii.isValue(line.getByte(i))) {
        return Status.BAD_REQUEST;
      }
    }
    int from = skipBlanks(line, colon + 1, end);
    return take(line, colon, from, trim(line, from, end));
  }

  /** As {@link #add}, for a field after a body, which is checked and ignored. */
  int addTrailer(MicroBlock line, int length) {
    boolean wasClosing = close;
    boolean wasChunked = chunked;
    boolean wasKeptAlive = keepAlive;
    int status = add(line, length);
    close = wasClosing;
    chunked = wasChunked;
    keepAlive = wasKeptAlive;
    return status;
  }

  private static int skipBlanks(MicroBlock line, int from, int to) {
    int at = from;
    while (at < to && Ascii.isBlank(line.getByte(at))) {
      at++;
    }
    return at;
  }

  private static int trim(MicroBlock line, int from, int to) {
    int at = to;
    while (at > from && Ascii.isBlank(line.getByte(at - 1))) {
      at--;
    }
    return at;
  }

  private int take(MicroBlock line, int nameEnd, int from, int to) {
    return switch (nameEnd) {
      case 4 -> Ascii.isIgnoringCase(line, 0, 4, "host") ? host(line, from, to) : 0;
      case 6 -> Ascii.isIgnoringCase(line, 0, 6, "expect") ? expect(line, from, to) : 0;
      case 10 -> Ascii.isIgnoringCase(line, 0, 10, "connection") ? connection(line, from, to) : 0;
      case 14 -> Ascii.isIgnoringCase(line, 0, 14, "content-length") ? length(line, from, to) : 0;
      case 17 ->
          Ascii.isIgnoringCase(line, 0, 17, "transfer-encoding") ? coding(line, from, to) : 0;
      default -> 0;
    };
  }

  private int host(MicroBlock line, int from, int to) {
    hosts++;
    return Authority.isOne(line, from, to) ? 0 : Status.BAD_REQUEST;
  }

  private int expect(MicroBlock line, int from, int to) {
    if (Ascii.isIgnoringCase(line, from, to, "100-continue")) {
      expectsContinue = true;
    } else {
      expectsElse = true;
    }
    return 0;
  }

  private int length(MicroBlock line, int from, int to) {
    if (contentLength != NONE || from == to || to - from > DIGITS_MAX) {
      return Status.BAD_REQUEST;
    }
    long value = 0;
    for (int i = from; i < to; i++) {
      byte c = line.getByte(i);
      if (!Ascii.isDigit(c)) {
        return Status.BAD_REQUEST;
      }
      value = value * 10 + (c - '0');
    }
    contentLength = value;
    return 0;
  }

  private int coding(MicroBlock line, int from, int to) {
    if (chunked || codingUnknown || from == to) {
      return Status.BAD_REQUEST;
    }
    if (Ascii.isIgnoringCase(line, from, to, "chunked")) {
      chunked = true;
    } else {
      codingUnknown = true;
    }
    return 0;
  }

  private int connection(MicroBlock line, int from, int to) {
    int at = from;
    while (at < to) {
      int end = at;
      while (end < to && line.getByte(end) != ',') {
        end++;
      }
      option(line, skipBlanks(line, at, end), end);
      at = end + 1;
    }
    return 0;
  }

  private void option(MicroBlock line, int from, int to) {
    int end = trim(line, from, to);
    if (Ascii.isIgnoringCase(line, from, end, "close")) {
      close = true;
    } else if (Ascii.isIgnoringCase(line, from, end, "keep-alive")) {
      keepAlive = true;
    }
  }
}

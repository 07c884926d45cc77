// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.h2c;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A part of a file.
 *
 * @param from its first byte
 * @param bytes its length; 0 if no byte of the file was requested
 */
record ByteRange(long from, long bytes) {
  private static final Pattern ONE_RANGE = Pattern.compile("bytes=([0-9]{0,18})-([0-9]{0,18})");

  /** No byte of the file is in the requested range: it can't be satisfied. */
  static final ByteRange NONE = new ByteRange(0, 0);

  /**
   * Reads the value of a header range (RFC 9110, section 14).
   *
   * @return the part; {@link #NONE}; or null if the header is to be ignored, as one with several
   *     ranges or another unit is here
   */
  static @Nullable ByteRange parse(@Nullable String value, long size) {
    Matcher matcher = ONE_RANGE.matcher(value == null ? "" : value.replace(" ", ""));
    if (!matcher.matches()) {
      return null;
    }
    String first = matcher.group(1);
    String last = matcher.group(2);
    if (first.isEmpty()) {
      if (last.isEmpty()) {
        return null;
      }
      long bytes = Math.min(Long.parseLong(last), size);
      return bytes == 0 ? NONE : new ByteRange(size - bytes, bytes);
    }
    long from = Long.parseLong(first);
    long end = last.isEmpty() ? size : Math.min(Long.parseLong(last) + 1, size);
    if (!last.isEmpty() && Long.parseLong(last) < from) {
      return null;
    }
    return from >= size ? NONE : new ByteRange(from, end - from);
  }

  /** The value of content-range for this part. */
  String contentRange(long size) {
    return equals(NONE)
        ? "bytes */" + size
        : "bytes " + from + "-" + (from + bytes - 1) + "/" + size;
  }
}

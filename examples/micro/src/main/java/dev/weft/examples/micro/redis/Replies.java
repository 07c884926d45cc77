// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Consecutive answers, encoded as RESP2. */
final class Replies {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(64);

  int size() {
    return bytes.size();
  }

  byte[] toArray() {
    return bytes.toByteArray();
  }

  private void text(String text) {
    bytes.writeBytes(text.getBytes(StandardCharsets.UTF_8));
  }

  void simple(String text) {
    text("+" + text + "\r\n");
  }

  void error(String text) {
    text("-ERR " + text.replace('\r', ' ').replace('\n', ' ') + "\r\n");
  }

  void integer(long value) {
    text(":" + value + "\r\n");
  }

  /** A bulk string; null for a missing value. */
  void bulk(byte @Nullable [] value) {
    if (value == null) {
      text("$-1\r\n");
    } else {
      text("$" + value.length + "\r\n");
      bytes.writeBytes(value);
      text("\r\n");
    }
  }

  void bulk(String value) {
    bulk(value.getBytes(StandardCharsets.UTF_8));
  }

  /** Begins an array; the elements follow. */
  void array(int length) {
    text("*" + length + "\r\n");
  }
}

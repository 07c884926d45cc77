// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.tls;

import java.io.ByteArrayOutputStream;
import java.security.InvalidKeyException;
import java.util.Arrays;

/**
 * A reader of values in the distinguished encoding rules (DER, X.690), and what writes the few that
 * a key is wrapped in.
 */
final class Der {
  static final int INTEGER = 0x02;
  static final int OCTET_STRING = 0x04;
  static final int OBJECT_IDENTIFIER = 0x06;
  static final int SEQUENCE = 0x30;

  private static final int LONG_FORM = 0x80;

  private final byte[] bytes;
  private int position;
  private final int end;

  Der(byte[] bytes) {
    this(bytes, 0, bytes.length);
  }

  private Der(byte[] bytes, int position, int end) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  boolean hasMore() {
    return position < end;
  }

  /** The tag of the next value. */
  int tag() throws InvalidKeyException {
    if (position >= end) {
      throw new InvalidKeyException("it ends too early");
    }
    return bytes[position] & 0xff;
  }

  /** A reader of what is in the next value, which must have this tag; it is passed. */
  Der enter(int tag) throws InvalidKeyException {
    if (tag() != tag) {
      throw new InvalidKeyException(
          "there is a value with tag " + tag() + " where one with tag " + tag + " belongs");
    }
    position++;
    int length = length();
    if (length < 0 || length > end - position) {
      throw new InvalidKeyException("it ends too early");
    }
    Der inside = new Der(bytes, position, position + length);
    position += length;
    return inside;
  }

  private int length() throws InvalidKeyException {
    int first = tag();
    position++;
    if (first < LONG_FORM) {
      return first;
    }
    int length = 0;
    int digits = first - LONG_FORM;
    if (digits == 0 || digits > Integer.BYTES) {
      throw new InvalidKeyException("it has a length of " + digits + " bytes");
    }
    for (int i = 0; i < digits; i++) {
      length = length << 8 | tag();
      position++;
    }
    return length;
  }

  /** The bytes that have not been read. */
  byte[] rest() {
    return Arrays.copyOfRange(bytes, position, end);
  }

  /** A value with {@code tag} that consists of {@code parts}. */
  static byte[] value(int tag, byte[]... parts) {
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream(length + 6);
    out.write(tag);
    if (length < LONG_FORM) {
      out.write(length);
    } else {
      int digits = (Integer.SIZE - Integer.numberOfLeadingZeros(length) + 7) / 8;
      out.write(LONG_FORM + digits);
      for (int i = digits - 1; i >= 0; i--) {
        out.write(length >> (8 * i));
      }
    }
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.http;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static java.lang.foreign.MemoryLayout.structLayout;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroField;
import dev.weft.micro.MicroLayout;

/**
 * The message from the thread that reads requests to the one that answers them, sent before the
 * body: a structure in a block.
 */
final class Head {
  private static final MicroLayout LAYOUT =
      MicroLayout.of(
          structLayout(
              JAVA_INT.withName("status"),
              JAVA_INT.withName("method"),
              JAVA_INT.withName("version"),
              JAVA_INT.withName("flags"),
              JAVA_LONG.withName("bodyBytes")));

  private static final MicroField.OfInt STATUS = LAYOUT.ofInt(groupElement("status"));
  private static final MicroField.OfInt METHOD = LAYOUT.ofInt(groupElement("method"));
  private static final MicroField.OfInt VERSION = LAYOUT.ofInt(groupElement("version"));
  private static final MicroField.OfInt FLAGS = LAYOUT.ofInt(groupElement("flags"));
  private static final MicroField.OfLong BODY_BYTES = LAYOUT.ofLong(groupElement("bodyBytes"));

  static final int BYTES = (int) LAYOUT.byteSize();

  /** The connection ends after the response. */
  static final int CLOSE = 1;

  /** The body ends with a hang-up instead of after a number of bytes. */
  static final int CHUNKED = 2;

  /** The client waits for a 100 response before it sends the body. */
  static final int CONTINUE = 4;

  /** The response must say that the connection stays open. */
  static final int KEEP_ALIVE = 8;

  private final MicroBlock block;
  private final int offset;

  /** The bytes of {@code block} from {@code offset} on, a multiple of eight. */
  Head(MicroBlock block, int offset) {
    this.block = block;
    this.offset = offset;
  }

  void set(int status, Method method, int version, int flags, long bodyBytes) {
    STATUS.set(block, offset, 0, status);
    METHOD.set(block, offset, 0, method.code);
    VERSION.set(block, offset, 0, version);
    FLAGS.set(block, offset, 0, flags);
    BODY_BYTES.set(block, offset, 0, bodyBytes);
  }

  int status() {
    return STATUS.get(block, offset, 0);
  }

  Method method() {
    return Method.of(METHOD.get(block, offset, 0));
  }

  int version() {
    return VERSION.get(block, offset, 0);
  }

  boolean has(int flag) {
    return (FLAGS.get(block, offset, 0) & flag) != 0;
  }

  long bodyBytes() {
    return BODY_BYTES.get(block, offset, 0);
  }
}

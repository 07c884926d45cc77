// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.http;

import dev.weft.micro.MicroBlock;

/**
 * What the thread that reads requests tells the one that answers them, in front of the body:
 * numbers at fixed places, as a struct would have them.
 */
final class Head {
  static final int BYTES = 24;

  private static final int STATUS_AT = 0;
  private static final int METHOD_AT = 4;
  private static final int VERSION_AT = 8;
  private static final int FLAGS_AT = 12;
  private static final int BODY_BYTES_AT = 16;

  /** The connection ends behind the response. */
  static final int CLOSE = 1;

  /** The body ends with a hang-up instead of after a number of bytes. */
  static final int CHUNKED = 2;

  /** The client waits to be told that it may send the body. */
  static final int CONTINUE = 4;

  /** The client doubts that the connection stays open, and is to be told. */
  static final int KEEP_ALIVE = 8;

  private final MicroBlock block;
  private final int offset;

  /** The bytes of {@code block} from {@code offset} on. */
  Head(MicroBlock block, int offset) {
    this.block = block;
    this.offset = offset;
  }

  void set(int status, Method method, int version, int flags, long bodyBytes) {
    block.setInt(offset + STATUS_AT, status);
    block.setInt(offset + METHOD_AT, method.code);
    block.setInt(offset + VERSION_AT, version);
    block.setInt(offset + FLAGS_AT, flags);
    block.setLong(offset + BODY_BYTES_AT, bodyBytes);
  }

  int status() {
    return block.getInt(offset + STATUS_AT);
  }

  Method method() {
    return Method.of(block.getInt(offset + METHOD_AT));
  }

  int version() {
    return block.getInt(offset + VERSION_AT);
  }

  boolean has(int flag) {
    return (block.getInt(offset + FLAGS_AT) & flag) != 0;
  }

  long bodyBytes() {
    return block.getLong(offset + BODY_BYTES_AT);
  }
}

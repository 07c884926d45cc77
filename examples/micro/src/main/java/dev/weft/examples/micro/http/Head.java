// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.http;

import dev.weft.micro.MicroBlock;

/**
 * The message from the thread that reads requests to the one that answers them, sent before the
 * body: numbers at fixed offsets, like a C struct.
 */
final class Head {
  static final int BYTES = 24;

  private static final int STATUS_AT = 0;
  private static final int METHOD_AT = 4;
  private static final int VERSION_AT = 8;
  private static final int FLAGS_AT = 12;
  private static final int BODY_BYTES_AT = 16;

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

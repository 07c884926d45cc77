// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.h2c;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Numbers of frames as they are on the wire (RFC 9113, sections 4.1 and 6). */
final class Frames {
  static final int HEADER_BYTES = 9;

  /** The longest payload, for both peers: SETTINGS_MAX_FRAME_SIZE as it is initially. */
  static final int PAYLOAD_BYTES_MAX = 16_384;

  static final int WINDOW_INITIAL = 65_535;

  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int PRIORITY = 2;
  static final int RST_STREAM = 3;
  static final int SETTINGS = 4;
  static final int PUSH_PROMISE = 5;
  static final int PING = 6;
  static final int GOAWAY = 7;
  static final int WINDOW_UPDATE = 8;
  static final int CONTINUATION = 9;

  static final int END_STREAM = 1;
  static final int ACK = 1;
  static final int END_HEADERS = 4;
  static final int PADDED = 8;
  static final int WITH_PRIORITY = 32;

  static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private Frames() {}

  static int unsignedByte(MemorySegment segment, long at) {
    return segment.get(JAVA_BYTE, at) & 0xff;
  }

  /** Writes the header of a frame. */
  static void putHeader(
      MemorySegment segment, long at, int length, int type, int flags, int streamId) {
    segment.set(JAVA_BYTE, at, (byte) (length >>> 16));
    segment.set(SHORT, at + 1, (short) length);
    segment.set(JAVA_BYTE, at + 3, (byte) type);
    segment.set(JAVA_BYTE, at + 4, (byte) flags);
    segment.set(INT, at + 5, streamId);
  }
}

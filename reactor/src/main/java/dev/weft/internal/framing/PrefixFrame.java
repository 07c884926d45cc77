// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.framing;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.weft.Deadline;
import dev.weft.io.SegmentList;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteOrder;

/** Before each message, its length: an unsigned integer of one to eight bytes. */
public final class PrefixFrame implements Frame {
  private final int headerBytes;
  private final boolean isBigEndian;

  public PrefixFrame(int headerBytes, ByteOrder order) {
    this.headerBytes = headerBytes;
    this.isBigEndian = order == ByteOrder.BIG_ENDIAN;
  }

  @Override
  public void check(SegmentList message) {
    // any bytes will do
  }

  /** How many bits the byte at {@code index} of a header is shifted by. */
  private int shift(int index) {
    return 8 * (isBigEndian ? headerBytes - 1 - index : index);
  }

  @Override
  public void send(SegmentList message, GatheredOutput output, Deadline deadline)
      throws IOException {
    long length = message.byteSize();
    int at = output.reserve(headerBytes);
    for (int i = 0; i < headerBytes; i++) {
      output.buffer().set(JAVA_BYTE, at + i, (byte) (length >>> shift(i)));
    }
    output.put(message, deadline);
    output.flush(deadline);
  }

  @Override
  public int receive(ReadAhead input, SegmentCursor target, int max, Deadline deadline)
      throws IOException {
    if (!input.fill(headerBytes, deadline)) {
      if (input.available() > 0) {
        throw new EOFException(
            "the stream ended after " + input.available() + " of " + headerBytes + " header bytes");
      }
      return -1;
    }
    long length = 0;
    for (int i = 0; i < headerBytes; i++) {
      length |= (input.at(i) & 0xffL) << shift(i);
    }
    input.drop(headerBytes);
    if (length < 0 || length > max || length > target.byteSize()) {
      return TOO_LONG;
    }
    if (!input.take(target, (int) length, deadline)) {
      throw new EOFException("the stream ended in a message of " + length + " bytes");
    }
    return (int) length;
  }
}

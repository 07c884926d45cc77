// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.framing;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.weft.Deadline;
import dev.weft.io.SegmentList;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import java.util.Objects;

/** After each message, the same bytes, which no message contains. */
public final class SuffixFrame implements Frame {
  private final byte[] suffix;

  /**
   * The failure function of Knuth, Morris and Pratt: {@code border[n]} is the length of the longest
   * proper prefix of the suffix with which its first {@code n} bytes end.
   */
  private final int[] border;

  public SuffixFrame(byte[] suffix) {
    this.suffix = suffix.clone();
    this.border = new int[suffix.length + 1];
    for (int n = 2; n <= suffix.length; n++) {
      border[n] = next(border[n - 1], suffix[n - 1]);
    }
  }

  /** How many bytes of the suffix are matched after {@code next}, if it was {@code matched}. */
  private int next(int matched, byte next) {
    int n = matched;
    while (suffix[n] != next) {
      if (n == 0) {
        return 0;
      }
      n = border[n];
    }
    return n + 1;
  }

  @Override
  public void check(SegmentList message) {
    int matched = 0;
    long at = 0;
    for (int i = 0; i < message.size(); i++) {
      MemorySegment segment = Objects.requireNonNull(message.segment(i));
      long size = segment.byteSize();
      for (long offset = 0; offset < size; offset++) {
        if (matched == 0) {
          offset = ByteSearch.indexOf(segment, suffix[0], offset, size);
        }
        if (offset < size) {
          matched = next(matched, segment.get(JAVA_BYTE, offset));
        }
        if (matched == suffix.length) {
          throw contained(at + offset);
        }
      }
      at += size;
    }
    // The end of the message and the first bytes of the suffix may be a suffix too.
    for (int i = 0; i < suffix.length - 1; i++, at++) {
      matched = next(matched, suffix[i]);
      if (matched == suffix.length) {
        throw contained(at);
      }
    }
  }

  private IllegalArgumentException contained(long last) {
    return new IllegalArgumentException(
        "the receiver would find the terminator "
            + HexFormat.of().formatHex(suffix)
            + " at byte "
            + (last + 1 - suffix.length)
            + " of the message");
  }

  @Override
  public void send(SegmentList message, GatheredOutput output, Deadline deadline)
      throws IOException {
    output.put(message, deadline);
    output.put(suffix, deadline);
    output.flush(deadline);
  }

  @Override
  public int receive(ReadAhead input, SegmentCursor target, int max, Deadline deadline)
      throws IOException {
    long room = Math.min(max, target.byteSize());
    long taken = 0;
    int scanned = 0;
    int matched = 0;
    while (true) {
      while (scanned < input.available() && matched < suffix.length) {
        if (matched == 0) {
          scanned = input.indexOf(suffix[0], scanned);
        }
        if (scanned < input.available()) {
          matched = next(matched, input.at(scanned++));
        }
      }
      // The bytes before the match belong to the message, whatever follows.
      int length = scanned - matched;
      if (taken + length > room) {
        return TOO_LONG;
      }
      if (matched == suffix.length) {
        input.take(target, length);
        input.drop(suffix.length);
        return (int) (taken + length);
      }
      if (scanned == input.capacity()) {
        input.take(target, length);
        taken += length;
        scanned = matched;
      }
      if (!input.fill(deadline)) {
        return atEnd(taken + input.available());
      }
    }
  }

  private static int atEnd(long received) throws EOFException {
    if (received > 0) {
      throw new EOFException(
          "the stream ended without a terminator, " + received + " bytes after the last one");
    }
    return -1;
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.h2c;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.weft.Deadline;
import dev.weft.io.ByteSource;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.apache.hc.core5.http2.H2Error;

/** Reads frames one after the other; the payload of the last stays in the buffer until the next. */
final class FrameReader {
  static final int BUFFER_BYTES = 2 * (Frames.HEADER_BYTES + Frames.PAYLOAD_BYTES_MAX);

  private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII);

  /** How long a frame may take from its first byte to its last. */
  private static final Duration FRAME_TIME_MAX = Duration.ofSeconds(60);

  private final ByteSource source;
  private final MemorySegment buffer;
  private int start;
  private int end;

  private int length;
  private int type;
  private int flags;
  private int streamId;

  FrameReader(ByteSource source, MemorySegment buffer) {
    this.source = source;
    this.buffer = buffer;
  }

  int length() {
    return length;
  }

  int type() {
    return type;
  }

  boolean has(int flag) {
    return (flags & flag) != 0;
  }

  int streamId() {
    return streamId;
  }

  /** The payload, until the next frame is read. */
  MemorySegment payload() {
    return buffer.asSlice(start - length, length);
  }

  /** Reads the client's preface; returns false if what it sends is something else. Suspends. */
  boolean readPreface(Deadline deadline) throws IOException {
    for (int matched = 0; matched < PREFACE.length; ) {
      if (matched == end) {
        fill(deadline);
      }
      if (buffer.get(JAVA_BYTE, matched) != PREFACE[matched++]) {
        return false;
      }
    }
    start = PREFACE.length;
    return true;
  }

  /** What has arrived of something that is no preface. */
  String received() {
    return new String(buffer.asSlice(0, end).toArray(JAVA_BYTE), US_ASCII);
  }

  /** Reads the next frame; returns false at the end between two frames. Suspends. */
  boolean next() throws IOException {
    return next(Deadline.NEVER);
  }

  /** Reads the next frame, whose first byte must arrive by {@code deadline}. Suspends. */
  boolean next(Deadline deadline) throws IOException {
    if (start == end) {
      start = 0;
      end = 0;
      int count = source.read(buffer, deadline);
      if (count < 0) {
        return false;
      }
      end = count;
    }
    Deadline limit = end - start < Frames.HEADER_BYTES ? frameDeadline() : Deadline.NEVER;
    require(Frames.HEADER_BYTES, limit);
    int high = Frames.unsignedByte(buffer, start) << 16;
    length = high | (buffer.get(Frames.SHORT, start + 1) & 0xffff);
    type = Frames.unsignedByte(buffer, start + 3);
    flags = Frames.unsignedByte(buffer, start + 4);
    streamId = buffer.get(Frames.INT, start + 5) & Integer.MAX_VALUE;
    if (length > Frames.PAYLOAD_BYTES_MAX) {
      throw new ConnectionFailure(H2Error.FRAME_SIZE_ERROR, "a frame of " + length + " bytes");
    }
    int whole = Frames.HEADER_BYTES + length;
    if (end - start < whole) {
      require(whole, frameDeadline());
    }
    start += whole;
    return true;
  }

  private static Deadline frameDeadline() {
    return Deadline.after(FRAME_TIME_MAX);
  }

  private void require(int bytes, Deadline deadline) throws IOException {
    if (start + bytes > buffer.byteSize()) {
      MemorySegment.copy(buffer, start, buffer, 0, end - start);
      end -= start;
      start = 0;
    }
    while (end - start < bytes) {
      fill(deadline);
    }
  }

  private void fill(Deadline deadline) throws IOException {
    int count = source.read(buffer.asSlice(end), deadline);
    if (count < 0) {
      throw new EOFException("the connection ended in a frame");
    }
    end += count;
  }
}

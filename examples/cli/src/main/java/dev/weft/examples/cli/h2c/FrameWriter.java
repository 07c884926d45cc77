// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.h2c;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.fs.File;
import dev.weft.io.ByteSink;
import dev.weft.sync.Mutex;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http2.H2Error;
import org.apache.hc.core5.http2.hpack.HPackEncoder;
import org.apache.hc.core5.util.ByteArrayBuffer;

/**
 * Writes frames, of one fiber at a time. A fiber locks the writer, appends frames to the buffer and
 * flushes it, so that frames which belong together leave together. No frame is cut off by a
 * cancelled fiber, since the fibers of a connection are not cancelled: they end when it is closed.
 */
final class FrameWriter {
  static final int BUFFER_BYTES = 4 * (Frames.HEADER_BYTES + Frames.PAYLOAD_BYTES_MAX);

  private final ByteSink sink;
  private final MemorySegment buffer;
  private final Mutex mutex = Mutex.create();

  // Without a table of its own, the encoder need not follow what the client says of its size.
  private final HPackEncoder encoder = new HPackEncoder(0, ISO_8859_1);
  private final ByteArrayBuffer block = new ByteArrayBuffer(256);
  private int filled;

  FrameWriter(ByteSink sink, MemorySegment buffer) {
    this.sink = sink;
    this.buffer = buffer;
  }

  /** Waits until no other fiber writes. Suspends. */
  Mutex.Guard lock() {
    return mutex.lock();
  }

  /** Writes what was appended. Suspends. */
  void flush() throws IOException {
    int bytes = filled;
    filled = 0;
    if (bytes > 0) {
      sink.write(buffer.asSlice(0, bytes));
    }
  }

  /** How many bytes of DATA fit into one frame more; 0 if none. */
  int dataRoom() {
    long room = buffer.byteSize() - filled - Frames.HEADER_BYTES;
    return (int) Math.max(0, Math.min(room, Frames.PAYLOAD_BYTES_MAX));
  }

  private int append(int length, int type, int flags, int streamId) {
    assert filled + Frames.HEADER_BYTES + length <= buffer.byteSize();
    Frames.putHeader(buffer, filled, length, type, flags, streamId);
    int payload = filled + Frames.HEADER_BYTES;
    filled = payload + length;
    return payload;
  }

  // ---- with the lock

  /** Appends a list of headers, which is short. */
  void appendHeaders(int streamId, List<Header> headers, boolean ends) throws IOException {
    block.clear();
    for (Header header : headers) {
      encoder.encodeHeader(block, header.getName(), header.getValue(), false);
    }
    int flags = Frames.END_HEADERS | (ends ? Frames.END_STREAM : 0);
    int at = append(block.length(), Frames.HEADERS, flags, streamId);
    MemorySegment.copy(block.array(), 0, buffer, JAVA_BYTE, at, block.length());
  }

  /** Appends a DATA frame with bytes from a file, at most {@link #dataRoom}. Suspends. */
  int appendData(int streamId, File file, long position, int bytes, boolean ends)
      throws IOException {
    int count = file.readAt(buffer.asSlice(filled + Frames.HEADER_BYTES, bytes), position);
    if (count > 0) {
      boolean isLast = ends && count == bytes;
      append(count, Frames.DATA, isLast ? Frames.END_STREAM : 0, streamId);
    }
    return count;
  }

  // ---- with their own lock

  /** Sends SETTINGS: pairs of an identifier and a value. Suspends. */
  void settings(int... pairs) throws IOException {
    try (Mutex.Guard _ = lock()) {
      int at = append(pairs.length / 2 * 6, Frames.SETTINGS, 0, 0);
      for (int i = 0; i < pairs.length; i += 2, at += 6) {
        buffer.set(Frames.SHORT, at, (short) pairs[i]);
        buffer.set(Frames.INT, at + 2, pairs[i + 1]);
      }
      flush();
    }
  }

  void acknowledgeSettings() throws IOException {
    try (Mutex.Guard _ = lock()) {
      append(0, Frames.SETTINGS, Frames.ACK, 0);
      flush();
    }
  }

  void acknowledgePing(long opaque) throws IOException {
    try (Mutex.Guard _ = lock()) {
      buffer.set(Frames.LONG, append(8, Frames.PING, Frames.ACK, 0), opaque);
      flush();
    }
  }

  void reset(int streamId, H2Error error) throws IOException {
    try (Mutex.Guard _ = lock()) {
      buffer.set(Frames.INT, append(4, Frames.RST_STREAM, 0, streamId), error.getCode());
      flush();
    }
  }

  void windowUpdate(int streamId, int increment) throws IOException {
    try (Mutex.Guard _ = lock()) {
      buffer.set(Frames.INT, append(4, Frames.WINDOW_UPDATE, 0, streamId), increment);
      flush();
    }
  }

  void goAway(int lastStreamId, H2Error error, String reason) throws IOException {
    byte[] text = reason.getBytes(UTF_8);
    try (Mutex.Guard _ = lock()) {
      int at = append(8 + text.length, Frames.GOAWAY, 0, 0);
      buffer.set(Frames.INT, at, lastStreamId);
      buffer.set(Frames.INT, at + 4, error.getCode());
      MemorySegment.copy(text, 0, buffer, JAVA_BYTE, at + 8, text.length);
      flush();
    }
  }
}

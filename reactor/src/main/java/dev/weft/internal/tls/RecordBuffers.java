// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.tls;

import dev.weft.internal.strand.EventLoop;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * The buffers of a reactor's sessions. A session holds one only while it has a part of a record, or
 * bytes that the transport or its user has not taken.
 *
 * <p>The engine works on arrays: it encrypts and decrypts in place there, for which AES-GCM of the
 * JDK takes half the time that it takes in native memory, more than the copy costs. A fiber takes
 * an array even for one call of the engine: the JDK can suspend a fiber with a stack in a lock.
 */
final class RecordBuffers {
  /** The longest record that the JDK makes or accepts, with its header. */
  static final int RECORD_BYTES = 16_709;

  /** Several records, to be moved by one call of the system. */
  static final int BULK_BYTES = 4 * RECORD_BYTES;

  /** Free buffers of each kind that are kept. */
  private static final int KEPT_MAX = 64;

  private final ArrayDeque<ByteBuffer> arrays = new ArrayDeque<>();
  private final ArrayDeque<NetBuffer> records = new ArrayDeque<>();
  private final ArrayDeque<NetBuffer> bulks = new ArrayDeque<>();

  private RecordBuffers() {}

  /** The buffers of the sessions of {@code loop}. */
  static RecordBuffers of(EventLoop loop) {
    RecordBuffers buffers = loop.extensions.get(RecordBuffers.class);
    if (buffers == null) {
      buffers = new RecordBuffers();
      loop.extensions.put(RecordBuffers.class, buffers);
    }
    return buffers;
  }

  /** An empty array of {@link #RECORD_BYTES}. */
  ByteBuffer takeArray() {
    ByteBuffer array = arrays.pollLast();
    return array == null ? ByteBuffer.allocate(RECORD_BYTES) : array.clear();
  }

  void give(ByteBuffer array) {
    if (arrays.size() < KEPT_MAX) {
      arrays.addLast(array);
    }
  }

  /** An empty buffer for one record, or for several. */
  NetBuffer take(boolean bulk) {
    NetBuffer buffer = (bulk ? bulks : records).pollLast();
    return buffer == null ? new NetBuffer(bulk ? BULK_BYTES : RECORD_BYTES) : buffer;
  }

  /** Takes back a buffer of {@link #take}, whose content is no longer needed. */
  void give(NetBuffer buffer) {
    buffer.clear();
    ArrayDeque<NetBuffer> free = buffer.capacity == BULK_BYTES ? bulks : records;
    if (free.size() < KEPT_MAX) {
      free.addLast(buffer);
    }
  }
}

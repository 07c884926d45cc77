// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.tls;

import dev.weft.Deadline;
import dev.weft.error.DeadlineExceededException;
import dev.weft.io.ByteStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The sending direction of a session: encrypts records and sends them. A record that a deadline or
 * a cancel has cut short stays here: the rest of it is sent before anything else.
 */
public final class TlsOutput {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  /** The longest view of a segment: a buffer has an int for its size. */
  private static final int VIEW_BYTES_MAX = 1 << 30;

  /** More than this is sent in several records by one call of the system. */
  private static final int BULK_BYTES_MIN = 1 << 14;

  private final SSLEngine engine;
  private final ByteStream transport;
  private final RecordBuffers buffers;

  /** Encrypted bytes that the transport has not taken, or null. */
  private @Nullable NetBuffer pending;

  // The writer's memory as the engine takes it, for the next write from the same.
  private @Nullable MemorySegment source;
  private @Nullable ByteBuffer sourceView;

  TlsOutput(SSLEngine engine, ByteStream transport, RecordBuffers buffers) {
    this.engine = engine;
    this.transport = transport;
    this.buffers = buffers;
  }

  /** Encrypts and sends a whole segment. Suspends. */
  public void write(MemorySegment segment, Deadline deadline) throws IOException {
    flush(deadline);
    long size = segment.byteSize();
    if (size <= VIEW_BYTES_MAX) {
      writeView(viewOf(segment), deadline);
      return;
    }
    for (long from = 0; from < size; from += VIEW_BYTES_MAX) {
      long length = Math.min(VIEW_BYTES_MAX, size - from);
      writeView(segment.asSlice(from, length).asByteBuffer(), deadline);
    }
  }

  private void writeView(ByteBuffer view, Deadline deadline) throws IOException {
    while (view.hasRemaining()) {
      encrypt(view);
      flush(deadline);
    }
  }

  /**
   * Encrypts as many bytes as fit into a buffer and sends them. What has been encrypted counts as
   * written: if the deadline passes meanwhile, the rest of it stays pending. Suspends.
   */
  public int writeSome(MemorySegment segment, Deadline deadline) throws IOException {
    flush(deadline);
    long size = segment.byteSize();
    ByteBuffer view = viewOf(size <= VIEW_BYTES_MAX ? segment : segment.asSlice(0, VIEW_BYTES_MAX));
    while (view.position() == 0) { // the first record can be one of the engine's own
      encrypt(view);
      try {
        flush(deadline);
      } catch (DeadlineExceededException e) {
        if (view.position() == 0) {
          throw e;
        }
      }
    }
    return view.position();
  }

  private ByteBuffer viewOf(MemorySegment segment) {
    ByteBuffer view = sourceView;
    if (view == null || source != segment) {
      view = segment.asByteBuffer();
      source = segment;
      sourceView = view;
    }
    return view.clear();
  }

  /** Encrypts bytes until the buffer is full; the engine's own messages come first. */
  private void encrypt(ByteBuffer view) throws SSLException {
    NetBuffer buffer = pendingBuffer(view.remaining() > BULK_BYTES_MIN);
    ByteBuffer array = buffers.takeArray();
    try {
      do {
        if (wrap(view, array, buffer).getStatus() == SSLEngineResult.Status.CLOSED) {
          throw new SSLException("the session has ended in this direction");
        }
      } while (view.hasRemaining() && buffer.capacity - buffer.end >= RecordBuffers.RECORD_BYTES);
    } finally {
      buffers.give(array);
    }
  }

  private SSLEngineResult wrap(ByteBuffer view, ByteBuffer array, NetBuffer buffer)
      throws SSLException {
    array.clear();
    SSLEngineResult result = engine.wrap(view, array);
    SSLEngineResult.Status status = result.getStatus();
    if (status != SSLEngineResult.Status.OK && status != SSLEngineResult.Status.CLOSED) {
      throw new SSLException(
          "the engine makes records of more than " + array.capacity() + " bytes");
    }
    buffer.append(array.flip());
    return result;
  }

  /**
   * Encrypts what the engine itself has to send: handshake messages, alerts, a KeyUpdate.
   *
   * @param bulk whether several records are expected, to be sent together
   */
  void encryptOwn(boolean bulk) throws SSLException {
    ByteBuffer array = buffers.takeArray();
    try {
      while (engine.getHandshakeStatus() == SSLEngineResult.HandshakeStatus.NEED_WRAP) {
        NetBuffer buffer = pendingBuffer(bulk);
        if (buffer.capacity - buffer.end < RecordBuffers.RECORD_BYTES) {
          return; // the rest after a flush
        }
        if (wrap(NOTHING, array, buffer).getStatus() == SSLEngineResult.Status.CLOSED) {
          return;
        }
      }
    } finally {
      buffers.give(array);
    }
  }

  private NetBuffer pendingBuffer(boolean bulk) {
    NetBuffer buffer = pending;
    if (buffer == null) {
      buffer = buffers.take(bulk);
      pending = buffer;
    }
    return buffer;
  }

  /** Sends what is pending. Suspends if anything is. */
  void flush(Deadline deadline) throws IOException {
    NetBuffer buffer = pending;
    if (buffer == null) {
      return;
    }
    while (buffer.length() > 0) {
      buffer.start += transport.writeSome(buffer.filled(), deadline);
    }
    pending = null;
    buffers.give(buffer);
  }

  /** Sends close_notify, or the alert of a failure. Suspends. */
  public void end(Deadline deadline) throws IOException {
    engine.closeOutbound();
    do {
      flush(deadline);
      encryptOwn(false);
    } while (pending != null && pending.length() > 0);
  }

  /** Whether the end has been sent: there is nothing left to send. */
  public boolean isDone() {
    return pending == null && engine.isOutboundDone();
  }

  /** Gives back what is pooled; what is pending is not sent. */
  public void release() {
    if (pending != null) {
      buffers.give(pending);
      pending = null;
    }
    source = null;
    sourceView = null;
  }
}

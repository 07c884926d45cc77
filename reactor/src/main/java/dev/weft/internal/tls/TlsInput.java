// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.tls;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.weft.Deadline;
import dev.weft.io.ByteStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLProtocolException;
import org.jspecify.annotations.Nullable;

/**
 * The receiving direction of a session: reads records from the transport and decrypts them. It
 * never sends. Where TLS wants an answer, to a KeyUpdate or to a close_notify, the engine keeps it
 * for the next record that is sent, as RFC 8446 (4.6.3) allows: a reader that had to send could
 * wait for a peer that waits for it.
 */
public final class TlsInput {
  /** What an idle session holds: a few small records. */
  private static final int SMALL_BYTES = 1024;

  private static final int HEADER_BYTES = 5;

  /** The content type of handshake messages, in the clear in TLS 1.2. */
  private static final int HANDSHAKE = 22;

  private static final int CONTENT_TYPE_MIN = 20;
  private static final int CONTENT_TYPE_MAX = 24;
  private static final int NONE = -1;

  /** What {@link #read} returns at the end of a transport without a close_notify. */
  public static final int TRUNCATED = -2;

  private final SSLEngine engine;
  private final ByteStream transport;
  private final RecordBuffers buffers;

  private final NetBuffer small = new NetBuffer(SMALL_BYTES);
  private NetBuffer current = small;

  /** Whether the next large buffer is to have room for several records: the last one was filled. */
  private boolean bulk;

  /** Decrypted bytes for which the reader had no room, or null. */
  private @Nullable ByteBuffer plain;

  // The reader's memory as the engine takes it, for the next read into the same.
  private @Nullable MemorySegment target;
  private @Nullable ByteBuffer targetView;

  /** What a record has made of the session after one that could be read, or null. */
  private @Nullable SSLException failure;

  /** Whether handshake messages are renegotiation, which is refused. */
  private boolean refusesHandshakes;

  private boolean ended;

  TlsInput(SSLEngine engine, ByteStream transport, RecordBuffers buffers) {
    this.engine = engine;
    this.transport = transport;
    this.buffers = buffers;
  }

  /** Refuses handshake messages from now on. */
  void refuseHandshakes() {
    refusesHandshakes = true;
  }

  /** Whether the peer has ended its direction by a close_notify. */
  public boolean isEnded() {
    return ended;
  }

  /**
   * Reads some bytes into {@code segment}, which is not empty. Suspends.
   *
   * @return bytes read, -1 if the peer has ended its direction, {@link #TRUNCATED} if the transport
   *     has ended before
   * @throws SSLException if the session has failed
   */
  public int read(MemorySegment segment, Deadline deadline) throws IOException {
    while (true) {
      int count = takeDecrypted(segment);
      if (count != 0) {
        return count;
      }
      if (!receive(deadline)) {
        return TRUNCATED;
      }
    }
  }

  /** Reads from what has been received; 0 if that is no complete record, -1 at the end. */
  private int takeDecrypted(MemorySegment segment) throws SSLException {
    if (plain != null) {
      return takePlain(plain, segment);
    }
    if (failure != null) {
      throw failure;
    }
    int taken = 0;
    try {
      while (!ended && hasRecord()) {
        long room = segment.byteSize() - taken;
        if (room >= recordBytes()) {
          taken += decryptInto(segment, taken);
        } else if (taken > 0) {
          return taken;
        } else {
          ByteBuffer decrypted = decryptPlain();
          if (decrypted != null) {
            return takePlain(decrypted, segment);
          }
        }
      }
    } catch (SSLException e) {
      if (taken == 0) {
        throw e;
      }
      failure = e; // of the next read: what came before is intact
    }
    return taken == 0 && ended ? -1 : taken;
  }

  private int takePlain(ByteBuffer bytes, MemorySegment segment) {
    int count = (int) Math.min(bytes.remaining(), segment.byteSize());
    int from = bytes.arrayOffset() + bytes.position();
    MemorySegment.copy(bytes.array(), from, segment, JAVA_BYTE, 0, count);
    bytes.position(bytes.position() + count);
    if (!bytes.hasRemaining()) {
      plain = null;
      buffers.give(bytes);
    }
    return count;
  }

  private int decryptInto(MemorySegment segment, int from) throws SSLException {
    ByteBuffer view = viewOf(segment);
    view.clear().position(from);
    decrypt(view);
    return view.position() - from;
  }

  private ByteBuffer viewOf(MemorySegment segment) {
    ByteBuffer view = targetView;
    if (view == null || target != segment) {
      long bytes = Math.min(segment.byteSize(), Integer.MAX_VALUE);
      view = (bytes == segment.byteSize() ? segment : segment.asSlice(0, bytes)).asByteBuffer();
      target = segment;
      targetView = view;
    }
    return view;
  }

  /** Decrypts a record into {@link #plain}; returns null if there are no bytes in it. */
  private @Nullable ByteBuffer decryptPlain() throws SSLException {
    ByteBuffer array = buffers.takeArray();
    decrypt(array);
    if (array.flip().hasRemaining()) {
      plain = array;
      return array;
    }
    buffers.give(array);
    return null;
  }

  /** Gives a complete record to the engine; returns the status of the handshake. */
  SSLEngineResult.HandshakeStatus decrypt(ByteBuffer decrypted) throws SSLException {
    if (refusesHandshakes && current.unsignedByte(0) == HANDSHAKE) {
      throw new SSLProtocolException("the peer asks for renegotiation, which is refused");
    }
    int length = Math.min(recordBytes(), current.length());
    ByteBuffer array = buffers.takeArray();
    current.copyTo(array, length);
    SSLEngineResult result = engine.unwrap(array, decrypted);
    buffers.give(array);
    switch (result.getStatus()) {
      case OK -> {}
      case CLOSED -> ended = true;
      default ->
          throw new SSLProtocolException(
              "a record of " + length + " bytes is incomplete or too long");
    }
    current.start += result.bytesConsumed();
    return result.getHandshakeStatus();
  }

  // ---- from the transport

  /** Whether there is a complete record, or what the engine refuses as the beginning of one. */
  boolean hasRecord() throws SSLException {
    int needed = recordBytes();
    return needed != NONE && current.length() >= needed;
  }

  /** The length of the first record with its header; NONE while that is not known. */
  private int recordBytes() throws SSLException {
    if (current.length() < HEADER_BYTES) {
      return NONE;
    }
    int type = current.unsignedByte(0);
    if (type < CONTENT_TYPE_MIN || type > CONTENT_TYPE_MAX) {
      return HEADER_BYTES; // the engine knows how to complain of what is not TLS
    }
    int bytes = HEADER_BYTES + (current.unsignedByte(3) << 8) + current.unsignedByte(4);
    if (bytes > RecordBuffers.RECORD_BYTES) {
      throw new SSLProtocolException("the peer has sent a record of " + bytes + " bytes");
    }
    return bytes;
  }

  /** Receives some bytes; returns false at the end of the transport. Suspends. */
  boolean receive(Deadline deadline) throws IOException {
    NetBuffer buffer = bufferWithRoom();
    MemorySegment room = buffer.room();
    int count = transport.read(room, deadline);
    if (count < 0) {
      return false;
    }
    buffer.end += count;
    if (buffer.capacity == RecordBuffers.RECORD_BYTES) {
      bulk = count == room.byteSize();
    } else if (buffer.capacity == RecordBuffers.BULK_BYTES) {
      bulk = count > RecordBuffers.RECORD_BYTES;
    }
    return true;
  }

  /** The small buffer while there is no part of a record, or one that fits into it. */
  private NetBuffer bufferWithRoom() throws SSLException {
    NetBuffer buffer = current;
    if (buffer.length() == 0) {
      rewind();
      return small;
    }
    int needed = Math.max(recordBytes(), HEADER_BYTES);
    if (needed <= buffer.capacity) {
      buffer.compact();
      return buffer;
    }
    NetBuffer large = buffers.take(bulk);
    large.take(buffer);
    current = large;
    return large;
  }

  /** Gives back the pooled buffer with encrypted bytes, if there is one. */
  private void rewind() {
    if (current != small) {
      buffers.give(current);
      current = small;
    }
    small.clear();
  }

  /** Gives back what is pooled; received bytes that have not been read are lost. */
  public void release() {
    rewind();
    if (plain != null) {
      buffers.give(plain);
      plain = null;
    }
    target = null;
    targetView = null;
  }
}

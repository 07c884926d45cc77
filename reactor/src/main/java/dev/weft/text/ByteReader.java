// SPDX-License-Identifier: Apache-2.0
package dev.weft.text;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.framing.ReadAhead;
import dev.weft.internal.io.BufferPool;
import dev.weft.io.ByteSource;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadableByteChannel;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads bytes, lines and text from a byte stream through a buffer of the reactor's. A reader that
 * has no unread bytes holds no buffer. It belongs to the reactor that it was made on; one fiber at
 * a time may read.
 *
 * <p>A call suspends only if the buffer does not hold what it needs. If it fails, because of its
 * deadline or a cancellation or a limit, it has taken nothing: the next call begins where it began.
 * Exceptions to that say so.
 */
public final class ByteReader implements ByteSource {
  private static final int BUFFER_BYTES = 16 << 10;

  /** How long a line or the whole content may be. */
  private static final int READ_BYTES_MAX = 1 << 30;

  private final ByteSource source;
  private final ReadAhead input;
  private boolean isBusy;
  private boolean isClosed;

  /**
   * Makes a reader with a buffer of 16 KiB, as {@link #ByteReader(ByteSource, int)} does.
   *
   * @param source what to read from
   */
  public ByteReader(ByteSource source) {
    this(source, BUFFER_BYTES);
  }

  /**
   * Makes a reader.
   *
   * @param source what to read from; the reader owns it, and closes it when it is closed
   * @param bufferBytes the size of the buffer, from 16 bytes to 1 GiB; it grows for a longer line
   * @throws WrongThreadException outside of a reactor's thread and fibers
   */
  public ByteReader(ByteSource source, int bufferBytes) {
    this.source = Objects.requireNonNull(source, "source");
    input = new ReadAhead(source, BufferPool.of("a ByteReader", bufferBytes));
  }

  /** {@return the number of bytes that were received and not read} */
  public int buffered() {
    return input.available();
  }

  private void begin(int maxBytes) throws IOException {
    if (maxBytes < 0 || maxBytes > READ_BYTES_MAX) {
      throw new IllegalArgumentException("maxBytes must be 0 to 1073741824, not " + maxBytes);
    }
    begin();
  }

  private void begin() throws IOException {
    if (isClosed) {
      throw new ClosedChannelException();
    }
    if (isBusy) {
      throw new IllegalStateException("read " + source + ": another fiber is reading from it");
    }
    isBusy = true;
  }

  private void end() {
    isBusy = false;
    if (isClosed) {
      input.discard();
    } else {
      input.release();
    }
  }

  // ---- single bytes

  /**
   * Reads a byte. Suspends.
   *
   * @return 0 to 255, or -1 at the end of the stream
   * @throws IOException if the stream is broken or closed
   */
  public int read() throws IOException {
    return read(Deadline.NEVER);
  }

  /**
   * Reads a byte; waits until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting
   * @return 0 to 255, or -1 at the end of the stream
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if none has come
   */
  public int read(Deadline deadline) throws IOException {
    begin();
    try {
      int next = next(deadline);
      if (next >= 0) {
        input.drop(1);
      }
      return next;
    } finally {
      end();
    }
  }

  /**
   * Finds the next byte, which the next read takes. Suspends.
   *
   * @return 0 to 255, or -1 at the end of the stream
   * @throws IOException if the stream is broken or closed
   */
  public int peek() throws IOException {
    return peek(Deadline.NEVER);
  }

  /**
   * Finds the next byte, which the next read takes; waits until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting
   * @return 0 to 255, or -1 at the end of the stream
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if none has come
   */
  public int peek(Deadline deadline) throws IOException {
    begin();
    try {
      return next(deadline);
    } finally {
      end();
    }
  }

  private int next(Deadline deadline) throws IOException {
    return input.fill(1, deadline) ? input.at(0) & 0xff : -1;
  }

  // ---- several bytes

  /**
   * Reads the bytes that are available, at least one. Suspends until there is one.
   *
   * @param target the array to fill from its start
   * @return bytes read, or -1 at the end of the stream; 0 only if the array is empty
   * @throws IOException if the stream is broken or closed
   */
  public int read(byte[] target) throws IOException {
    return read(target, Deadline.NEVER);
  }

  /**
   * Reads the bytes that are available, at least one; waits until {@code deadline} at most.
   * Suspends.
   *
   * @param target the array to fill from its start
   * @param deadline when to stop waiting
   * @return bytes read, or -1 at the end of the stream; 0 only if the array is empty
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if none has come
   */
  public int read(byte[] target, Deadline deadline) throws IOException {
    return read(target, 0, target.length, deadline);
  }

  /**
   * Reads the bytes that are available, at least one; waits until {@code deadline} at most.
   * Suspends.
   *
   * @param target the array to fill
   * @param offset where to begin in the array
   * @param length how many bytes to read at most
   * @param deadline when to stop waiting
   * @return bytes read, or -1 at the end of the stream; 0 only if {@code length} is 0
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if none has come
   */
  public int read(byte[] target, int offset, int length, Deadline deadline) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    begin();
    try {
      return input.read(target, offset, length, deadline);
    } finally {
      end();
    }
  }

  private int read(ByteBuffer target) throws IOException {
    if (target.isReadOnly()) {
      throw new IllegalArgumentException("a read-only buffer can't be read into: " + target);
    }
    MemorySegment room = MemorySegment.ofBuffer(target);
    begin();
    try {
      if (!target.hasRemaining()) {
        return 0;
      }
      if (!input.fill(1, Deadline.NEVER)) {
        return -1;
      }
      int count = input.read(room, Deadline.NEVER); // what is available
      target.position(target.position() + count);
      return count;
    } finally {
      end();
    }
  }

  @Override
  public int read(MemorySegment target, Deadline deadline) throws IOException {
    begin();
    try {
      return input.read(target, deadline);
    } finally {
      end();
    }
  }

  // ---- all of something

  /**
   * Fills an array. Suspends.
   *
   * @param target the array
   * @throws EOFException if the stream ends before; the bytes before its end are lost
   * @throws IOException if the stream is broken or closed
   */
  public void readFully(byte[] target) throws IOException {
    readFully(target, Deadline.NEVER);
  }

  /**
   * Fills an array; waits until {@code deadline} at most. Suspends.
   *
   * @param target the array
   * @param deadline when to stop waiting
   * @throws EOFException if the stream ends before; the bytes before its end are lost
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if too few have come; those that have are lost
   */
  public void readFully(byte[] target, Deadline deadline) throws IOException {
    begin();
    try {
      for (int filled = 0; filled < target.length; ) {
        int count = input.read(target, filled, target.length - filled, deadline);
        if (count < 0) {
          throw new EOFException(
              "the stream ended after " + filled + " of " + target.length + " bytes");
        }
        filled += count;
      }
    } finally {
      end();
    }
  }

  /**
   * Reads a number of bytes. Suspends.
   *
   * @param count how many, at least 0
   * @return the bytes
   * @throws EOFException if the stream ends before; the bytes before its end are lost
   * @throws IOException if the stream is broken or closed
   */
  public byte[] readBytes(int count) throws IOException {
    return readBytes(count, Deadline.NEVER);
  }

  /**
   * Reads a number of bytes; waits until {@code deadline} at most. Suspends.
   *
   * @param count how many, at least 0
   * @param deadline when to stop waiting
   * @return the bytes
   * @throws EOFException if the stream ends before; the bytes before its end are lost
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if too few have come; those that have are lost
   */
  public byte[] readBytes(int count, Deadline deadline) throws IOException {
    if (count < 0) {
      throw new IllegalArgumentException("count must not be negative: " + count);
    }
    byte[] bytes = new byte[count];
    readFully(bytes, deadline);
    return bytes;
  }

  /**
   * Reads all bytes up to the end of the stream. Suspends.
   *
   * @param maxBytes how many there may be
   * @return the bytes
   * @throws ErrnoException EMSGSIZE if there are more
   * @throws IOException if the stream is broken or closed
   */
  public byte[] readAll(int maxBytes) throws IOException {
    return readAll(maxBytes, Deadline.NEVER);
  }

  /**
   * Reads all bytes up to the end of the stream; waits until {@code deadline} at most. Suspends.
   *
   * @param maxBytes how many there may be
   * @param deadline when to stop waiting
   * @return the bytes
   * @throws ErrnoException EMSGSIZE if there are more
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if the end has not come
   */
  public byte[] readAll(int maxBytes, Deadline deadline) throws IOException {
    begin(maxBytes);
    try {
      while (input.more(deadline)) {
        requireWithin(maxBytes, input.available());
      }
      requireWithin(maxBytes, input.available());
      return input.take(input.available());
    } finally {
      end();
    }
  }

  // ---- up to a delimiter

  /**
   * Reads up to a delimiter, which is dropped, or to the end of the stream. Suspends.
   *
   * @param delimiter the byte after those to read
   * @param maxBytes how many bytes may come before it
   * @return the bytes before the delimiter; null if the stream has ended
   * @throws ErrnoException EMSGSIZE if more come before it
   * @throws IOException if the stream is broken or closed
   */
  public byte @Nullable [] readUntil(byte delimiter, int maxBytes) throws IOException {
    return readUntil(delimiter, maxBytes, Deadline.NEVER);
  }

  /**
   * Reads up to a delimiter, which is dropped, or to the end of the stream; waits until {@code
   * deadline} at most. Suspends.
   *
   * @param delimiter the byte after those to read
   * @param maxBytes how many bytes may come before it
   * @param deadline when to stop waiting
   * @return the bytes before the delimiter; null if the stream has ended
   * @throws ErrnoException EMSGSIZE if more come before it
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if neither has come
   */
  public byte @Nullable [] readUntil(byte delimiter, int maxBytes, Deadline deadline)
      throws IOException {
    begin(maxBytes);
    try {
      int length = input.find(delimiter, maxBytes, deadline);
      requireWithin(maxBytes, length);
      return takeWithDelimiter(length, 0);
    } finally {
      end();
    }
  }

  /**
   * Reads a line of UTF-8, which ends with LF, with CR LF or with the stream; the end is dropped.
   * Bytes that are not UTF-8 become U+FFFD. Suspends.
   *
   * @param maxBytes how many bytes a line may have without its end
   * @return the line; null if the stream has ended
   * @throws ErrnoException EMSGSIZE if it is longer
   * @throws IOException if the stream is broken or closed
   */
  public @Nullable String readLine(int maxBytes) throws IOException {
    return readLine(maxBytes, Deadline.NEVER);
  }

  /**
   * Reads a line as {@link #readLine(int)} does; waits until {@code deadline} at most. Suspends.
   *
   * @param maxBytes how many bytes a line may have without its end
   * @param deadline when to stop waiting
   * @return the line; null if the stream has ended
   * @throws ErrnoException EMSGSIZE if it is longer
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if its end has not come
   */
  public @Nullable String readLine(int maxBytes, Deadline deadline) throws IOException {
    begin(maxBytes);
    try {
      int length = input.find((byte) '\n', maxBytes + 1L, deadline);
      boolean hasReturn =
          length > 0 && length < input.available() && input.at(length - 1) == (byte) '\r';
      requireWithin(maxBytes, hasReturn ? length - 1 : length);
      byte[] line = takeWithDelimiter(length, hasReturn ? 1 : 0);
      return line == null ? null : new String(line, UTF_8);
    } finally {
      end();
    }
  }

  private byte @Nullable [] takeWithDelimiter(int length, int dropped) {
    int available = input.available();
    if (available == 0) {
      return null;
    }
    byte[] bytes = input.take(length - dropped);
    input.drop(Math.min(dropped + 1, available - bytes.length));
    return bytes;
  }

  private void requireWithin(int maxBytes, int bytes) throws ErrnoException {
    if (bytes > maxBytes) {
      throw new ErrnoException(
          "read at most " + maxBytes + " bytes", source.toString(), Errno.EMSGSIZE.code());
    }
  }

  // ---- other views

  /**
   * {@return this reader as an InputStream, for code that knows nothing of fibers}
   *
   * <p>Its calls suspend the fiber, which must have a stack then: in woven code a call that has to
   * wait throws {@link dev.weft.error.PinnedException}. Closing it closes this reader.
   */
  public InputStream asInputStream() {
    return new View(this);
  }

  /**
   * {@return this reader as a channel, for code that knows nothing of fibers}
   *
   * <p>As {@link #asInputStream}: for fibers with a stack.
   */
  public ReadableByteChannel asChannel() {
    return new View(this);
  }

  /**
   * Closes the stream; what was received and not read is lost. Another fiber that is reading gets
   * an {@link java.nio.channels.AsynchronousCloseException}. Suspends, even in a cancelled fiber.
   * Does nothing the second time.
   *
   * @throws IOException if the system reports a failure; the stream is closed even so
   */
  @Override
  public void close() throws IOException {
    if (isClosed) {
      return;
    }
    isClosed = true;
    if (!isBusy) {
      input.discard();
    }
    source.close();
  }

  @Override
  public String toString() {
    return "reader of " + source;
  }

  private static final class View extends InputStream implements ReadableByteChannel {
    private final ByteReader reader;

    View(ByteReader reader) {
      this.reader = reader;
    }

    @Override
    public int read() throws IOException {
      return reader.read(Deadline.NEVER);
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      return reader.read(target, offset, length, Deadline.NEVER);
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
      return reader.read(target);
    }

    @Override
    public int available() {
      return reader.buffered();
    }

    @Override
    public boolean isOpen() {
      return !reader.isClosed;
    }

    @Override
    public void close() throws IOException {
      reader.close();
    }
  }
}

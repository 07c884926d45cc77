// SPDX-License-Identifier: Apache-2.0
package dev.weft.text;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.Deadline;
import dev.weft.internal.io.BufferPool;
import dev.weft.io.ByteSink;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.WritableByteChannel;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Writes bytes and text to a byte stream through a buffer of the reactor's, which {@link #flush}
 * and {@link #close} empty. A writer with an empty buffer holds none. It belongs to the reactor
 * that it was made on; one fiber at a time may write.
 *
 * <p>A call suspends only if the buffer is full. If its deadline passes or its fiber is cancelled,
 * a part of its bytes may have been taken; all that was taken stays in the buffer and is written by
 * a later call.
 */
public final class ByteWriter implements ByteSink {
  private static final int BUFFER_BYTES = 16 << 10;

  private final ByteSink sink;
  private final BufferPool.Buffers buffers;
  private @Nullable MemorySegment buffer;

  /** The bytes of the buffer that are to be written. */
  private int start;

  private int end;
  private boolean isBusy;
  private boolean isClosed;

  /**
   * Makes a writer with a buffer of 16 KiB.
   *
   * @param sink what to write to; the writer owns it, and closes it when it is closed
   * @throws WrongThreadException outside of a reactor's thread and fibers
   */
  public ByteWriter(ByteSink sink) {
    this(sink, BUFFER_BYTES);
  }

  /**
   * Makes a writer.
   *
   * @param sink what to write to; the writer owns it, and closes it when it is closed
   * @param bufferBytes the size of the buffer, from 16 bytes to 1 GiB
   * @throws WrongThreadException outside of a reactor's thread and fibers
   */
  public ByteWriter(ByteSink sink, int bufferBytes) {
    this.sink = Objects.requireNonNull(sink, "sink");
    buffers = BufferPool.of("a ByteWriter", bufferBytes);
  }

  /** {@return the number of bytes that were taken and not written to the stream} */
  public int buffered() {
    return end - start;
  }

  private void begin() throws IOException {
    if (isClosed) {
      throw new ClosedChannelException();
    }
    if (isBusy) {
      throw new IllegalStateException("write " + sink + ": another fiber is writing to it");
    }
    isBusy = true;
  }

  private void end() {
    isBusy = false;
    if (isClosed || start == end) {
      release();
    }
  }

  private void release() {
    MemorySegment held = buffer;
    start = 0;
    end = 0;
    if (held != null) {
      buffer = null;
      buffers.give(held);
    }
  }

  private MemorySegment buffer() {
    MemorySegment held = buffer;
    if (held == null) {
      held = buffers.take();
      buffer = held;
    }
    return held;
  }

  /** Makes room for at least one byte, and returns for how many there is. Suspends. */
  private int room(Deadline deadline) throws IOException {
    if (end == buffers.bytes()) {
      drain(deadline);
    }
    return buffers.bytes() - end;
  }

  /** Writes what is in the buffer. Suspends. */
  private void drain(Deadline deadline) throws IOException {
    while (start < end) {
      start += sink.writeSome(buffer().asSlice(start, end - start), deadline);
    }
    start = 0;
    end = 0;
  }

  // ---- bytes

  /**
   * Writes a byte. Suspends if the buffer is full.
   *
   * @param value the byte; only its low eight bits count
   * @throws IOException if the stream is broken or closed
   */
  public void write(int value) throws IOException {
    write(value, Deadline.NEVER);
  }

  /**
   * Writes a byte; waits until {@code deadline} at most. Suspends if the buffer is full.
   *
   * @param value the byte; only its low eight bits count
   * @param deadline when to stop waiting
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if there is no room; the byte was not taken
   */
  public void write(int value, Deadline deadline) throws IOException {
    begin();
    try {
      room(deadline);
      buffer().set(JAVA_BYTE, end, (byte) value);
      end++;
    } finally {
      end();
    }
  }

  /**
   * Writes all bytes of an array. Suspends if the buffer gets full.
   *
   * @param source the array
   * @throws IOException if the stream is broken or closed
   */
  public void write(byte[] source) throws IOException {
    write(source, 0, source.length, Deadline.NEVER);
  }

  /**
   * Writes all bytes of an array; waits until {@code deadline} at most. Suspends if the buffer gets
   * full.
   *
   * @param source the array
   * @param deadline when to stop waiting
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if there is no room; a part was taken
   */
  public void write(byte[] source, Deadline deadline) throws IOException {
    write(source, 0, source.length, deadline);
  }

  /**
   * Writes bytes of an array; waits until {@code deadline} at most. Suspends if the buffer gets
   * full.
   *
   * @param source the array
   * @param offset the first byte to write
   * @param length how many bytes to write
   * @param deadline when to stop waiting
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if there is no room; a part was taken
   */
  public void write(byte[] source, int offset, int length, Deadline deadline) throws IOException {
    Objects.checkFromIndexSize(offset, length, source.length);
    begin();
    try {
      for (int done = 0; done < length; ) {
        int count = Math.min(length - done, room(deadline));
        MemorySegment.copy(source, offset + done, buffer(), JAVA_BYTE, end, count);
        end += count;
        done += count;
      }
    } finally {
      end();
    }
  }

  /**
   * Writes what remains of a buffer. Suspends if this writer's buffer gets full.
   *
   * @param source the buffer, whose position moves past what was taken
   * @throws IOException if the stream is broken or closed
   */
  public void write(ByteBuffer source) throws IOException {
    write(source, Deadline.NEVER);
  }

  /**
   * Writes what remains of a buffer; waits until {@code deadline} at most. Suspends if this
   * writer's buffer gets full.
   *
   * @param source the buffer, whose position moves past what was taken
   * @param deadline when to stop waiting
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if there is no room; a part was taken
   */
  public void write(ByteBuffer source, Deadline deadline) throws IOException {
    MemorySegment bytes = MemorySegment.ofBuffer(source);
    int first = source.position();
    begin();
    try {
      while (source.hasRemaining()) {
        int count = Math.min(source.remaining(), room(deadline));
        store(bytes, source.position() - first, count);
        source.position(source.position() + count);
      }
    } finally {
      end();
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>A segment that is as large as the buffer goes past it, after what the buffer holds.
   */
  @Override
  public void write(MemorySegment source, Deadline deadline) throws IOException {
    long size = source.byteSize();
    begin();
    try {
      if (size >= buffers.bytes()) {
        drain(deadline);
        sink.write(source, deadline);
        return;
      }
      for (long done = 0; done < size; ) {
        int count = (int) Math.min(size - done, room(deadline));
        store(source, done, count);
        done += count;
      }
    } finally {
      end();
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Here: as much as the buffer has room for.
   */
  @Override
  public int writeSome(MemorySegment source, Deadline deadline) throws IOException {
    begin();
    try {
      if (source.byteSize() == 0) {
        return 0;
      }
      int count = (int) Math.min(source.byteSize(), room(deadline));
      store(source, 0, count);
      return count;
    } finally {
      end();
    }
  }

  private void store(MemorySegment source, long from, int count) {
    MemorySegment.copy(source, from, buffer(), end, count);
    end += count;
  }

  // ---- text

  /**
   * Writes text as UTF-8. Suspends if the buffer gets full.
   *
   * @param text what to write
   * @throws IOException if the stream is broken or closed
   */
  public void print(String text) throws IOException {
    print(text, Deadline.NEVER);
  }

  /**
   * Writes text as UTF-8; waits until {@code deadline} at most. Suspends if the buffer gets full.
   *
   * @param text what to write
   * @param deadline when to stop waiting
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if there is no room; a part was taken
   */
  public void print(String text, Deadline deadline) throws IOException {
    write(text.getBytes(UTF_8), deadline);
  }

  /**
   * Writes text as UTF-8, and LF. Suspends if the buffer gets full.
   *
   * @param line what to write before LF
   * @throws IOException if the stream is broken or closed
   */
  public void println(String line) throws IOException {
    println(line, Deadline.NEVER);
  }

  /**
   * Writes text as UTF-8, and LF; waits until {@code deadline} at most. Suspends if the buffer gets
   * full.
   *
   * @param line what to write before LF
   * @param deadline when to stop waiting
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if there is no room; a part was taken
   */
  public void println(String line, Deadline deadline) throws IOException {
    print(line + '\n', deadline);
  }

  /**
   * Writes formatted text as UTF-8, in no language's conventions ({@link Locale#ROOT}). Suspends if
   * the buffer gets full.
   *
   * @param format as for {@link String#format}
   * @param values what the format refers to
   * @throws IOException if the stream is broken or closed
   */
  public void printf(String format, Object... values) throws IOException {
    printf(Deadline.NEVER, format, values);
  }

  /**
   * Writes formatted text as {@link #printf(String, Object...)} does; waits until {@code deadline}
   * at most. Suspends if the buffer gets full.
   *
   * @param deadline when to stop waiting
   * @param format as for {@link String#format}
   * @param values what the format refers to
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if there is no room; a part was taken
   */
  public void printf(Deadline deadline, String format, Object... values) throws IOException {
    print(String.format(Locale.ROOT, format, values), deadline);
  }

  // ---- the end

  /**
   * Writes what is in the buffer to the stream. Suspends.
   *
   * @throws IOException if the stream is broken or closed
   */
  public void flush() throws IOException {
    flush(Deadline.NEVER);
  }

  /**
   * Writes what is in the buffer to the stream; waits until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if it has not taken all; the rest stays in the
   *     buffer
   */
  public void flush(Deadline deadline) throws IOException {
    begin();
    try {
      drain(deadline);
    } finally {
      end();
    }
  }

  /**
   * Writes what is in the buffer, and closes the stream. Suspends. Another fiber that is writing
   * gets an {@link java.nio.channels.AsynchronousCloseException}, and what is in the buffer is
   * lost. Does nothing the second time.
   *
   * @throws IOException if the stream is broken, or the system reports a failure; the stream is
   *     closed even so
   */
  @Override
  public void close() throws IOException {
    close(Deadline.NEVER);
  }

  /**
   * Writes what is in the buffer until {@code deadline} at most, and closes the stream as {@link
   * #close()} does. Suspends.
   *
   * @param deadline when to stop writing
   * @throws IOException if the stream is broken, or the system reports a failure; the stream is
   *     closed even so
   * @throws dev.weft.error.DeadlineExceededException if it has not taken all; the rest is lost, the
   *     stream is closed even so
   */
  public void close(Deadline deadline) throws IOException {
    if (isClosed) {
      return;
    }
    try (sink) {
      if (!isBusy) {
        flush(deadline);
      }
    } finally {
      isClosed = true;
      if (!isBusy) {
        release();
      }
    }
  }

  // ---- other views

  /**
   * {@return this writer as an OutputStream, for code that knows nothing of fibers}
   *
   * <p>Its calls suspend the fiber, which must have a stack then: in woven code a call that has to
   * wait throws {@link dev.weft.error.PinnedException}. Closing it closes this writer.
   */
  public OutputStream asOutputStream() {
    return new Stream(this);
  }

  /**
   * {@return this writer as a channel, for code that knows nothing of fibers}
   *
   * <p>As {@link #asOutputStream}: for fibers with a stack. A channel has no flush, so each write
   * reaches the stream.
   */
  public WritableByteChannel asChannel() {
    return new Channel(this);
  }

  @Override
  public String toString() {
    return "writer of " + sink;
  }

  private static final class Stream extends OutputStream {
    private final ByteWriter writer;

    Stream(ByteWriter writer) {
      this.writer = writer;
    }

    @Override
    public void write(int value) throws IOException {
      writer.write(value, Deadline.NEVER);
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
      writer.write(source, offset, length, Deadline.NEVER);
    }

    @Override
    public void flush() throws IOException {
      writer.flush(Deadline.NEVER);
    }

    @Override
    public void close() throws IOException {
      writer.close(Deadline.NEVER);
    }
  }

  private record Channel(ByteWriter writer) implements WritableByteChannel {
    @Override
    public int write(ByteBuffer source) throws IOException {
      int count = source.remaining();
      writer.write(source, Deadline.NEVER);
      writer.flush(Deadline.NEVER);
      return count;
    }

    @Override
    public boolean isOpen() {
      return !writer.isClosed;
    }

    @Override
    public void close() throws IOException {
      writer.close(Deadline.NEVER);
    }
  }
}

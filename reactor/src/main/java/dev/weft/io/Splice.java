// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.FileType;
import dev.weft.internal.backend.Opcode;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.PathCalls;
import dev.weft.internal.io.Splicing;
import dev.weft.internal.mem.Memory;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Copies from one byte stream to another, inside the kernel where it can: from file to file by
 * copy_file_range(2), after which they may share their bytes on disk, otherwise by splice(2). It
 * copies through memory where the kernel can do neither: files opened for appending, terminals,
 * some of /proc, and streams that have no descriptor.
 *
 * <p>The kernel splices on worker threads, so this is for bulk data: a copy occupies a worker
 * thread even while it waits.
 */
public final class Splice {
  /** The largest capacity that an unprivileged process may request for a pipe (pipe-max-size). */
  private static final int PIPE_BYTES = 1 << 20;

  static final int BUFFER_BYTES = 256 << 10;

  private static final Path NULL_DEVICE = Path.of("/dev/null");

  private Splice() {}

  /**
   * Copies until the source ends. Suspends.
   *
   * @param source the stream to read to its end; it is not closed
   * @param sink the stream to write to; it is not closed
   * @return bytes copied
   * @throws IOException if either stream fails: a {@link SinkException} if it was the sink
   */
  public static long copy(ByteSource source, ByteSink sink) throws IOException {
    return copy(source, sink, Long.MAX_VALUE);
  }

  /**
   * Copies until the source ends or {@code deadline} passes. Suspends.
   *
   * @param source the stream to read to its end; it is not closed
   * @param sink the stream to write to; it is not closed
   * @param deadline when to stop copying
   * @return bytes copied
   * @throws IOException if either stream fails: a {@link SinkException} if it was the sink
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed; see {@link
   *     #copy(ByteSource, ByteSink, long, Deadline)}
   */
  public static long copy(ByteSource source, ByteSink sink, Deadline deadline) throws IOException {
    return copy(source, sink, Long.MAX_VALUE, deadline);
  }

  /**
   * Copies until the source ends or a limit is reached. Suspends.
   *
   * @param source the stream to read; it is not closed. As many bytes are taken from it as are
   *     written
   * @param sink the stream to write to; it is not closed
   * @param limit the most bytes to copy, at least 0
   * @return bytes copied
   * @throws IOException if either stream fails: a {@link SinkException} if it was the sink
   */
  public static long copy(ByteSource source, ByteSink sink, long limit) throws IOException {
    return copy(source, sink, limit, Deadline.NEVER);
  }

  /**
   * Copies until the source ends, a limit is reached or {@code deadline} passes. Suspends.
   *
   * @param source the stream to read; it is not closed. As many bytes are taken from it as are
   *     written, unless the copy is interrupted while it waits for the sink: then up to 1 MiB may
   *     have been read and not written, except if one of the two is a pipe of a reactor on io_uring
   * @param sink the stream to write to; it is not closed
   * @param limit the most bytes to copy, at least 0
   * @param deadline when to stop copying
   * @return bytes copied
   * @throws IOException if either stream fails: a {@link SinkException} if it was the sink
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed; what has been copied
   *     by then stays copied
   */
  public static long copy(ByteSource source, ByteSink sink, long limit, Deadline deadline)
      throws IOException {
    requireLimit(limit);
    checkBeforeCopy("copy", source, deadline);
    Endpoint from = Endpoint.IN.of(source);
    Endpoint to = Endpoint.IN.of(sink);
    enter(from);
    enter(to);
    if (from == null || to == null || !canSplice(from) || isAppending(to)) {
      return copyThroughMemory(source, sink, limit, deadline);
    }
    long copied = 0;
    if (isRegular(from) && isRegular(to)) {
      FileCopy files = new FileCopy(from, Splicing.HERE, to, Splicing.HERE, deadline);
      copied = files.copyRanges(limit);
      if (files.isComplete()) {
        return copied;
      }
    }
    return copied + splice(source, sink, from, to, limit - copied, deadline);
  }

  static void requireLimit(long limit) {
    if (limit < 0) {
      throw new IllegalArgumentException("limit must not be negative: " + limit);
    }
  }

  private static long splice(
      ByteSource source, ByteSink sink, Endpoint from, Endpoint to, long limit, Deadline deadline)
      throws IOException {
    if (isPipe(from) || isPipe(to)) {
      return new Direct(source, sink, from, to, deadline).copy(limit);
    }
    try (Pipe pipe = Pipe.open(PIPE_BYTES)) {
      return new ThroughPipe(source, sink, from, to, pipe, deadline).copy(limit);
    }
  }

  static void requirePosition(long position, long lowest) {
    if (position < lowest) {
      throw new IllegalArgumentException("position must be at least " + lowest + ": " + position);
    }
  }

  /** The endpoint of a stream that must have one, and be open. */
  static Endpoint required(Object stream) throws IOException {
    Endpoint endpoint = Endpoint.IN.of(stream);
    if (endpoint == null) {
      throw new IllegalArgumentException("a stream without a descriptor: " + stream);
    }
    endpoint.enter("copy");
    return endpoint;
  }

  // ---- one operation each

  /** The position of {@link #moveSome}: the descriptor's own, and the only one that pipes have. */
  public static final long CURRENT_POSITION = Splicing.HERE;

  /**
   * As {@link #moveSome(ByteSource, long, ByteSink, long, int, Deadline)}, without a deadline.
   * Suspends.
   *
   * @param source where to take bytes from
   * @param position where in the source, or {@link #CURRENT_POSITION}
   * @param sink where to put them
   * @param sinkPosition where in the sink, or {@link #CURRENT_POSITION}
   * @param length the most bytes to move, at least 1
   * @return bytes moved, perhaps fewer than requested; 0 at the end of the source
   * @throws ErrnoException EINVAL, ESPIPE and so on, see the other form
   */
  public static int moveSome(
      ByteSource source, long position, ByteSink sink, long sinkPosition, int length)
      throws IOException {
    return moveSome(source, position, sink, sinkPosition, length, Deadline.NEVER);
  }

  /**
   * Moves some bytes by one operation of the kernel (splice(2)); one of the two streams is a pipe.
   * Waits for the source to have some and for room in the sink, until {@code deadline} at most.
   * Suspends.
   *
   * @param source where to take bytes from
   * @param position where in the source, bytes from the start of a file, or {@link
   *     #CURRENT_POSITION}. The file's own position stays what it is
   * @param sink where to put them
   * @param sinkPosition where in the sink, likewise
   * @param length the most bytes to move, at least 1
   * @param deadline when to stop waiting
   * @return bytes moved, perhaps fewer than requested; 0 at the end of the source
   * @throws ErrnoException EINVAL if neither is a pipe or the kernel can't do it, ESPIPE for a
   *     position in a pipe, EPIPE, ENOSPC and so on (splice(2))
   * @throws UnsupportedOperationException on a backend that can't do that
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static int moveSome(
      ByteSource source,
      long position,
      ByteSink sink,
      long sinkPosition,
      int length,
      Deadline deadline)
      throws IOException {
    requirePosition(position, CURRENT_POSITION);
    requirePosition(sinkPosition, CURRENT_POSITION);
    return one(Opcode.SPLICE, source, position, sink, sinkPosition, length, deadline);
  }

  /**
   * As {@link #tee(ByteSource, ByteSink, int, Deadline)}, without a deadline. Suspends.
   *
   * @param source a pipe
   * @param sink another pipe
   * @param length the most bytes to copy, at least 1
   * @return bytes copied, perhaps fewer than requested; 0 at the end of the source
   * @throws ErrnoException EINVAL if they are not two pipes, EPIPE and so on (tee(2))
   */
  public static int tee(ByteSource source, ByteSink sink, int length) throws IOException {
    return tee(source, sink, length, Deadline.NEVER);
  }

  /**
   * Copies bytes from one pipe to another, which share their pages; they stay in the first one to
   * be read again (tee(2)). Waits for the source to have some and for room in the sink, until
   * {@code deadline} at most. Suspends.
   *
   * @param source a pipe
   * @param sink another pipe
   * @param length the most bytes to copy, at least 1
   * @param deadline when to stop waiting
   * @return bytes copied, perhaps fewer than requested; 0 at the end of the source
   * @throws ErrnoException EINVAL if they are not two pipes, EPIPE and so on (tee(2))
   * @throws UnsupportedOperationException on a backend that can't do that
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static int tee(ByteSource source, ByteSink sink, int length, Deadline deadline)
      throws IOException {
    return one(Opcode.TEE, source, CURRENT_POSITION, sink, CURRENT_POSITION, length, deadline);
  }

  private static int one(
      Opcode opcode,
      ByteSource source,
      long position,
      ByteSink sink,
      long sinkPosition,
      int length,
      Deadline deadline)
      throws IOException {
    if (length < 1) {
      throw new IllegalArgumentException("length must be at least 1: " + length);
    }
    Endpoint from = required(source);
    Endpoint to = required(sink);
    from.loop.backend().require(Capability.SPLICE, "splice " + from.name() + " to " + to.name());
    int result =
        Splicing.perform(opcode, from, position, to, sinkPosition, length, deadline.nanoTime());
    return requireDone(result, from, to);
  }

  static int requireDone(int result, Endpoint from, Endpoint to) throws ErrnoException {
    if (result < 0) {
      throw new ErrnoException("splice", from.name() + " -> " + to.name(), -result);
    }
    return result;
  }

  /**
   * As {@link #discard(ByteSource, long, Deadline)}, without a deadline. Suspends.
   *
   * @param source the stream to read; it is not closed
   * @param limit the most bytes to discard, at least 0
   * @return bytes discarded
   * @throws IOException if the stream fails
   */
  public static long discard(ByteSource source, long limit) throws IOException {
    return discard(source, limit, Deadline.NEVER);
  }

  /**
   * Reads bytes and drops them, until the source ends, a limit is reached or {@code deadline}
   * passes. The bytes do not leave the kernel where it can splice them to {@code /dev/null}.
   * Suspends.
   *
   * @param source the stream to read; it is not closed
   * @param limit the most bytes to discard, at least 0
   * @param deadline when to stop
   * @return bytes discarded
   * @throws IOException if the stream fails
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static long discard(ByteSource source, long limit, Deadline deadline) throws IOException {
    requireLimit(limit);
    checkBeforeCopy("discard", source, deadline);
    Endpoint from = Endpoint.IN.of(source);
    enter(from);
    Endpoint none = from == null || !canSplice(from) ? null : openNull(from, deadline);
    NullSink sink = new NullSink();
    if (from == null || none == null) {
      return copyThroughMemory(source, sink, limit, deadline);
    }
    try {
      return splice(source, sink, from, none, limit, deadline);
    } finally {
      none.close();
    }
  }

  /** Opens {@code /dev/null}; null if it can't be opened. */
  private static @Nullable Endpoint openNull(Endpoint from, Deadline deadline) throws IOException {
    Endpoint opened = new Endpoint(from.loop, Endpoint.Kind.STREAM, NULL_DEVICE, NULL_DEVICE);
    try {
      PathCalls.open(null, opened, NULL_DEVICE, OpenFlags.WRITE, 0, deadline.nanoTime());
      return opened;
    } catch (ErrnoException e) {
      return null;
    }
  }

  /** Drops what it gets. */
  private static final class NullSink implements ByteSink {
    @Override
    public void write(MemorySegment source, Deadline deadline) {}

    @Override
    public int writeSome(MemorySegment source, Deadline deadline) {
      return (int) source.byteSize();
    }

    @Override
    public void close() {}
  }

  /** Thrown if the sink of a copy failed, not the source. The cause is the sink's exception. */
  public static final class SinkException extends IOException {
    private static final long serialVersionUID = 1L;

    private final IOException failure;

    /**
     * Wraps the sink's exception.
     *
     * @param cause the exception that writing to the sink threw
     */
    SinkException(IOException cause) {
      super(cause.getMessage(), cause);
      this.failure = cause;
    }

    /** {@return the exception that writing to the sink threw} */
    public IOException failure() {
      return failure;
    }
  }

  /** Copies if one of the two is a pipe: the kernel moves pages from one to the other. */
  private record Direct(
      ByteSource source, ByteSink sink, Endpoint from, Endpoint to, Deadline deadline) {
    long copy(long limit) throws IOException {
      long copied = 0;
      while (copied < limit) {
        int wanted = (int) Math.min(limit - copied, PIPE_BYTES);
        int moved = Splicing.move(from, to, wanted, deadline.nanoTime());
        if (moved == 0) {
          return copied;
        }
        if (isUnsupported(moved)) {
          return copied + copyThroughMemory(source, sink, limit - copied, deadline);
        }
        if (moved < 0) {
          throw attribute(-moved, from, to);
        }
        copied += moved;
      }
      return copied;
    }
  }

  /**
   * Copies if neither is a pipe, through a pipe of our own. That pipe is empty after each round.
   */
  private record ThroughPipe(
      ByteSource source, ByteSink sink, Endpoint from, Endpoint to, Pipe pipe, Deadline deadline) {
    long copy(long limit) throws IOException {
      Endpoint in = endpoint(pipe.sink());
      Endpoint out = endpoint(pipe.source());
      long copied = 0;
      while (copied < limit) {
        int wanted = (int) Math.min(limit - copied, pipe.capacityBytes());
        int taken = Splicing.move(from, in, wanted, deadline.nanoTime());
        if (taken == 0) {
          return copied;
        }
        if (isUnsupported(taken)) {
          return copied + copyThroughMemory(source, sink, limit - copied, deadline);
        }
        if (taken < 0) {
          throw new ErrnoException("read", from.name().toString(), -taken);
        }
        if (!drain(out, taken)) {
          copied += taken;
          return copied + copyThroughMemory(source, sink, limit - copied, deadline);
        }
        copied += taken;
      }
      return copied;
    }

    /** Empties the pipe into the sink; returns false if it had to copy through memory. */
    private boolean drain(Endpoint out, int count) throws IOException {
      for (int left = count; left > 0; ) {
        int moved = Splicing.move(out, to, left, deadline.nanoTime());
        if (isUnsupported(moved)) {
          copyThroughMemory(pipe.source(), sink, left, deadline);
          return false;
        }
        if (moved <= 0) {
          int code = moved == 0 ? Errno.EIO.code() : -moved;
          throw new SinkException(new ErrnoException("write", to.name().toString(), code));
        }
        left -= moved;
      }
      return true;
    }
  }

  private static Endpoint endpoint(Object stream) {
    Endpoint endpoint = Endpoint.IN.of(stream);
    assert endpoint != null : stream;
    return endpoint;
  }

  /** Checks the fiber and the deadline here, because a copy can end without a call that waits. */
  static void checkBeforeCopy(String verb, ByteSource source, Deadline deadline) {
    Strand strand = Strand.require(verb);
    strand.checkBeforeWait(verb, source, deadline.nanoTime(), WaitMode.EXTERNAL);
    strand.waiting.requireTime(verb, source, deadline.nanoTime());
  }

  /** Checks that the stream is open and belongs to this reactor, before its type is queried. */
  private static void enter(@Nullable Endpoint endpoint) throws IOException {
    if (endpoint != null) {
      endpoint.enter("copy");
    }
  }

  private static long copyThroughMemory(
      ByteSource source, ByteSink sink, long limit, Deadline deadline) throws IOException {
    long copied = 0;
    // A backend that can't access addresses can't access what is confined to a fiber either.
    try (Arena arena = Memory.isAccessible() ? Arena.ofConfined() : Arena.ofShared()) {
      MemorySegment buffer = arena.allocate(BUFFER_BYTES);
      while (copied < limit) {
        int count =
            source.read(buffer.asSlice(0, Math.min(limit - copied, BUFFER_BYTES)), deadline);
        if (count < 0) {
          return copied;
        }
        try {
          sink.write(buffer.asSlice(0, count), deadline);
        } catch (IOException e) {
          throw new SinkException(e);
        }
        copied += count;
      }
    }
    return copied;
  }

  /** Returns whether the kernel can't splice one of the two. Nothing has been moved then. */
  private static boolean isUnsupported(int result) {
    return result == -Errno.EINVAL.code() || result == -Errno.EOPNOTSUPP.code();
  }

  /**
   * Attributes an error to source or sink. The kernel doesn't name the side, but these errors can
   * come from one side only.
   */
  static IOException attribute(int code, Endpoint from, Endpoint to) {
    boolean sinks =
        switch (Errno.of(code)) {
          case EPIPE, ENOSPC, EDQUOT, EFBIG -> true;
          case EBADF -> isReadable(from);
          default -> false;
        };
    return sinks
        ? new SinkException(new ErrnoException("write", to.name().toString(), code))
        : new ErrnoException("splice", from.name().toString(), code);
  }

  private static boolean isReadable(Endpoint endpoint) {
    int flags = endpoint.openFlags();
    return flags >= 0 && (flags & OpenFlags.READ) != 0;
  }

  private static boolean canSplice(Endpoint endpoint) {
    return endpoint.loop.backend().has(Capability.SPLICE);
  }

  private static boolean isRegular(Endpoint endpoint) {
    return endpoint.fileType() == FileType.REGULAR;
  }

  private static boolean isPipe(Endpoint endpoint) {
    return endpoint.fileType() == FileType.PIPE;
  }

  /** Returns whether a file is open for appending. The kernel refuses to splice to one. */
  private static boolean isAppending(Endpoint sink) {
    int flags = sink.openFlags();
    return flags >= 0 && (flags & OpenFlags.APPEND) != 0;
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.FileType;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.Splicing;
import dev.weft.internal.mem.Memory;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Copies from one byte stream to another, inside the kernel where it can (splice(2)). It copies
 * through memory where the kernel can't splice: files opened for appending, terminals, some of
 * /proc, and streams that have no descriptor.
 *
 * <p>The kernel splices on worker threads, so this is for bulk data: a copy occupies a worker
 * thread even while it waits.
 */
public final class Splice {
  /** The largest capacity that an unprivileged process may request for a pipe (pipe-max-size). */
  private static final int PIPE_BYTES = 1 << 20;

  private static final int BUFFER_BYTES = 256 << 10;

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
    if (limit < 0) {
      throw new IllegalArgumentException("limit must not be negative: " + limit);
    }
    checkBeforeCopy(source, deadline);
    Endpoint from = Endpoint.IN.of(source);
    Endpoint to = Endpoint.IN.of(sink);
    enter(from);
    enter(to);
    if (from == null || to == null || !canSplice(from) || isAppending(to)) {
      return copyThroughMemory(source, sink, limit, deadline);
    }
    if (isPipe(from) || isPipe(to)) {
      return new Direct(source, sink, from, to, deadline).copy(limit);
    }
    try (Pipe pipe = Pipe.open(PIPE_BYTES)) {
      return new ThroughPipe(source, sink, from, to, pipe, deadline).copy(limit);
    }
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
  private static void checkBeforeCopy(ByteSource source, Deadline deadline) {
    Strand strand = Strand.require("copy");
    strand.checkBeforeWait("copy", source, deadline.nanoTime(), WaitMode.EXTERNAL);
    strand.waiting.requireTime("copy", source, deadline.nanoTime());
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
  private static IOException attribute(int code, Endpoint from, Endpoint to) {
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

  private static boolean isPipe(Endpoint endpoint) {
    return endpoint.fileType() == FileType.PIPE;
  }

  /** Returns whether a file is open for appending. The kernel refuses to splice to one. */
  private static boolean isAppending(Endpoint sink) {
    int flags = sink.openFlags();
    return flags >= 0 && (flags & OpenFlags.APPEND) != 0;
  }
}

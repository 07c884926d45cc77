// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import dev.weft.Deadline;
import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Op;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.Endpoints;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Copies streams inside the kernel where it can (splice(2)), through memory where it can't: files
 * opened for appending, terminals, some of /proc, and streams that are not the system's.
 *
 * <p>The kernel splices on worker threads, so this is for bulk: a thread is taken while a copy
 * waits.
 */
public final class Splice {
  /** The most that a process without privileges may ask a pipe to hold (pipe-max-size). */
  private static final int PIPE_BYTES = 1 << 20;

  private static final int BUFFER_BYTES = 256 << 10;

  private Splice() {}

  /**
   * Copies until the source ends. Suspends.
   *
   * @param source what to read to its end; not closed
   * @param sink what to write to; not closed
   * @return how many bytes
   * @throws IOException if either stream fails: {@link SinkException} says that it was the sink
   */
  public static long copy(ByteSource source, ByteSink sink) throws IOException {
    return copy(source, sink, Long.MAX_VALUE);
  }

  /**
   * Copies until the source ends, but not for ever. Suspends.
   *
   * @param source what to read to its end; not closed
   * @param sink what to write to; not closed
   * @param deadline until when
   * @return how many bytes
   * @throws IOException if either stream fails: {@link SinkException} says that it was the sink
   * @throws dev.weft.error.DeadlineExceededException if it took too long; see {@link
   *     #copy(ByteSource, ByteSink, long, Deadline)}
   */
  public static long copy(ByteSource source, ByteSink sink, Deadline deadline) throws IOException {
    return copy(source, sink, Long.MAX_VALUE, deadline);
  }

  /**
   * Copies until the source ends or a limit is reached. Suspends.
   *
   * @param source what to read; not closed. Exactly as much is taken from it as is written
   * @param sink what to write to; not closed
   * @param limit how many bytes at most, at least 0
   * @return how many bytes
   * @throws IOException if either stream fails: {@link SinkException} says that it was the sink
   */
  public static long copy(ByteSource source, ByteSink sink, long limit) throws IOException {
    return copy(source, sink, limit, Deadline.NEVER);
  }

  /**
   * Copies until the source ends or a limit is reached, but not for ever. Suspends.
   *
   * @param source what to read; not closed. Exactly as much is taken from it as is written, unless
   *     the copy is cut short while the sink holds it up: then up to 1 MiB may have been taken and
   *     not written, except if one of the two is a pipe
   * @param sink what to write to; not closed
   * @param limit how many bytes at most, at least 0
   * @param deadline until when
   * @return how many bytes
   * @throws IOException if either stream fails: {@link SinkException} says that it was the sink
   * @throws dev.weft.error.DeadlineExceededException if it took too long; what has been copied by
   *     then stays so
   */
  public static long copy(ByteSource source, ByteSink sink, long limit, Deadline deadline)
      throws IOException {
    if (limit < 0) {
      throw new IllegalArgumentException("limit must not be negative: " + limit);
    }
    checkBeforeCopy(source, deadline);
    Endpoint from = Endpoints.of(source);
    Endpoint to = Endpoints.of(sink);
    enter(from);
    enter(to);
    if (from == null || to == null || isAppending(to)) {
      return copyThroughMemory(source, sink, limit, deadline);
    }
    if (isPipe(from) || isPipe(to)) {
      return new Direct(source, sink, from, to, deadline).copy(limit);
    }
    try (Pipe pipe = Pipe.open(PIPE_BYTES)) {
      return new ThroughPipe(source, sink, from, to, pipe, deadline).copy(limit);
    }
  }

  /** The sink of a copy failed, not the source. The cause is what it failed with. */
  public static final class SinkException extends IOException {
    private static final long serialVersionUID = 1L;

    private final IOException failure;

    /**
     * Wraps a failure.
     *
     * @param cause what the sink failed with
     */
    SinkException(IOException cause) {
      super(cause.getMessage(), cause);
      this.failure = cause;
    }

    /**
     * What the sink failed with.
     *
     * @return the cause
     */
    public IOException failure() {
      return failure;
    }
  }

  /** One of the two is a pipe: the kernel moves pages from one to the other. */
  private record Direct(
      ByteSource source, ByteSink sink, Endpoint from, Endpoint to, Deadline deadline) {
    long copy(long limit) throws IOException {
      long copied = 0;
      while (copied < limit) {
        int wanted = (int) Math.min(limit - copied, PIPE_BYTES);
        int moved = from.spliceTo(to, wanted, deadline.nanoTime());
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

  /** Neither is a pipe, so one of ours goes between them. It is empty after each round. */
  private record ThroughPipe(
      ByteSource source, ByteSink sink, Endpoint from, Endpoint to, Pipe pipe, Deadline deadline) {
    long copy(long limit) throws IOException {
      Endpoint in = endpoint(pipe.sink());
      Endpoint out = endpoint(pipe.source());
      long copied = 0;
      while (copied < limit) {
        int wanted = (int) Math.min(limit - copied, pipe.capacityBytes());
        int taken = from.spliceTo(in, wanted, deadline.nanoTime());
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

    /** Empties the pipe into the sink; returns false if that took the way through memory. */
    private boolean drain(Endpoint out, int count) throws IOException {
      for (int left = count; left > 0; ) {
        int moved = out.spliceTo(to, left, deadline.nanoTime());
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
    Endpoint endpoint = Endpoints.of(stream);
    assert endpoint != null : stream;
    return endpoint;
  }

  /** Here too, since none of the ways may come to a call that would. */
  private static void checkBeforeCopy(ByteSource source, Deadline deadline) {
    Strand strand = Strand.require("copy");
    strand.checkBeforeWait("copy", source, deadline.nanoTime(), WaitMode.EXTERNAL);
  }

  /** Before it is asked what it is: it must be open, and of this reactor. */
  private static void enter(@Nullable Endpoint endpoint) throws IOException {
    if (endpoint != null) {
      endpoint.enter("copy");
    }
  }

  private static long copyThroughMemory(
      ByteSource source, ByteSink sink, long limit, Deadline deadline) throws IOException {
    long copied = 0;
    try (Arena arena = Arena.ofConfined()) {
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

  /** EINVAL: one of the two can't be spliced. Nothing has been moved then. */
  private static boolean isUnsupported(int result) {
    return result == -Errno.EINVAL.code() || result == -Errno.EOPNOTSUPP.code();
  }

  /** The kernel says what failed, not on which side; but these can come from one side only. */
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
    int flags = endpoint.control(Op.FCNTL, weft_h.F_GETFL(), 0, 0, 0);
    return flags >= 0 && (flags & weft_h.O_ACCMODE()) != weft_h.O_WRONLY();
  }

  private static boolean isPipe(Endpoint endpoint) {
    return endpoint.control(Op.FILE_TYPE, 0, 0, 0, 0) == weft_h.S_IFIFO();
  }

  /** The kernel refuses to splice to a file that is open for appending. */
  private static boolean isAppending(Endpoint sink) {
    int flags = sink.control(Op.FCNTL, weft_h.F_GETFL(), 0, 0, 0);
    return flags >= 0 && (flags & weft_h.O_APPEND()) != 0;
  }
}

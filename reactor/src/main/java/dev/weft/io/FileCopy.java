// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Opcode;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.Splicing;
import dev.weft.internal.mem.Memory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Copies parts of files, and lets files share what they have on disk. {@link Splice#copy} copies
 * whole files, from where they are. A worker thread carries a copy out, 16 MiB at a time: a cancel
 * or deadline takes effect after that.
 */
public final class FileCopy {
  /** What one job of a worker thread copies at most, which a cancel waits for. */
  private static final int RANGE_BYTES = 16 << 20;

  private final Endpoint from;
  private final long position;
  private final Endpoint to;
  private final long sinkPosition;
  private final Deadline deadline;

  /** Whether all is copied; otherwise the rest is to be copied in another way. */
  private boolean isComplete;

  FileCopy(Endpoint from, long position, Endpoint to, long sinkPosition, Deadline deadline) {
    this.from = from;
    this.position = position;
    this.to = to;
    this.sinkPosition = sinkPosition;
    this.deadline = deadline;
  }

  /** Copies up to {@code limit} bytes in the kernel; returns how many. */
  long copyRanges(long limit) throws IOException {
    long copied = 0;
    boolean copies = from.loop.backend().has(Capability.FILE_COPIES);
    while (copies && copied < limit) {
      int wanted = (int) Math.min(limit - copied, RANGE_BYTES);
      int count =
          Splicing.perform(
              Opcode.COPY_RANGE,
              from,
              position == Splicing.HERE ? position : position + copied,
              to,
              sinkPosition == Splicing.HERE ? sinkPosition : sinkPosition + copied,
              wanted,
              deadline.nanoTime());
      if (count < 0 && !isRefused(-count)) {
        throw Splice.attribute(-count, from, to);
      }
      copied += Math.max(count, 0);
      copies = count > 0;
      isComplete = count == 0 && copied > 0; // files of /proc have bytes, but no size
    }
    isComplete |= copied == limit;
    return copied;
  }

  /** Copies what is left, at given positions, from {@code copied} on. */
  long copyThroughMemory(long copied, long limit) throws IOException {
    long done = 0;
    try (Arena arena = Memory.isAccessible() ? Arena.ofConfined() : Arena.ofShared()) {
      MemorySegment buffer = arena.allocate(Splice.BUFFER_BYTES);
      while (done < limit) {
        MemorySegment target = buffer.asSlice(0, Math.min(limit - done, Splice.BUFFER_BYTES));
        int count = from.readAt(target, position + copied + done, deadline.nanoTime());
        if (count < 0) {
          return done;
        }
        writeAll(buffer.asSlice(0, count), sinkPosition + copied + done);
        done += count;
      }
    }
    return done;
  }

  private void writeAll(MemorySegment bytes, long at) throws IOException {
    try {
      for (long written = 0; written < bytes.byteSize(); ) {
        written += to.writeAt(bytes.asSlice(written), at + written, deadline.nanoTime());
      }
    } catch (IOException e) {
      throw new Splice.SinkException(e);
    }
  }

  /**
   * Whether the kernel can't copy between these files, although they can be read and written
   * perhaps: another file system (EXDEV), one without such copies, a file for appending (EBADF),
   * swap space. What is wrong with a file itself, a read or write finds again.
   */
  private static boolean isRefused(int code) {
    return switch (Errno.of(code)) {
      case EXDEV, EINVAL, EOPNOTSUPP, ENOSYS, EBADF, EPERM, ETXTBSY, EISDIR -> true;
      default -> false;
    };
  }

  /** Checked here, because a ring ignores the position in a stream that has none. */
  private static boolean hasPositions(Endpoint endpoint) {
    return switch (endpoint.fileType()) {
      case REGULAR, BLOCK_DEVICE, DIRECTORY -> true; // the last one fails with EISDIR
      default -> false;
    };
  }

  private static ErrnoException withoutPositions(Endpoint endpoint) {
    return new ErrnoException("copy", endpoint.name().toString(), Errno.ESPIPE.code());
  }

  boolean isComplete() {
    return isComplete;
  }

  /**
   * As {@link #copy(ByteSource, long, ByteSink, long, long, Deadline)}, without a deadline.
   * Suspends.
   *
   * @param source the file to read
   * @param position where to read first, bytes from its start
   * @param sink the file to write to
   * @param sinkPosition where to write first, bytes from its start
   * @param length the most bytes to copy, at least 0
   * @return bytes copied, fewer than {@code length} if the source ends before
   * @throws IOException if either file fails: a {@link Splice.SinkException} if it was the sink
   */
  public static long copy(
      ByteSource source, long position, ByteSink sink, long sinkPosition, long length)
      throws IOException {
    return copy(source, position, sink, sinkPosition, length, Deadline.NEVER);
  }

  /**
   * Copies a part of a file to a position of another file, or of the same one if the parts do not
   * overlap, without moving their own positions. The files may come to share that part on disk
   * (copy_file_range(2)). Waits until {@code deadline} at most. Suspends.
   *
   * @param source the file to read
   * @param position where to read first, bytes from its start
   * @param sink the file to write to; if it is open for appending, its end is what is written to
   * @param sinkPosition where to write first, bytes from its start
   * @param length the most bytes to copy, at least 0
   * @param deadline when to stop copying
   * @return bytes copied, fewer than {@code length} if the source ends before
   * @throws IllegalArgumentException if a stream has no descriptor, or a number is negative
   * @throws IOException if either file fails: a {@link Splice.SinkException} if it was the sink;
   *     ESPIPE if one has no positions
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed; what has been copied
   *     by then stays copied
   */
  public static long copy(
      ByteSource source,
      long position,
      ByteSink sink,
      long sinkPosition,
      long length,
      Deadline deadline)
      throws IOException {
    Splice.requireLimit(length);
    Splice.requirePosition(position, 0);
    Splice.requirePosition(sinkPosition, 0);
    Splice.checkBeforeCopy("copy", source, deadline);
    Endpoint from = Splice.required(source);
    Endpoint to = Splice.required(sink);
    if (!hasPositions(from)) {
      throw withoutPositions(from);
    }
    if (!hasPositions(to)) {
      throw new Splice.SinkException(withoutPositions(to));
    }
    FileCopy files = new FileCopy(from, position, to, sinkPosition, deadline);
    long copied = files.copyRanges(length);
    return files.isComplete ? copied : copied + files.copyThroughMemory(copied, length - copied);
  }

  /**
   * As {@link #share(ByteSource, ByteSink, Deadline)}, without a deadline. Suspends.
   *
   * @param source the file to read
   * @param sink the file whose content is replaced
   * @throws ErrnoException EOPNOTSUPP, EXDEV and so on, see the other form
   */
  public static void share(ByteSource source, ByteSink sink) throws IOException {
    share(source, sink, Deadline.NEVER);
  }

  /**
   * Replaces the content of a file by that of another one, without a copy: both share it on disk
   * until one of them is written to (ioctl_ficlone(2), a reflink). Waits until {@code deadline} at
   * most. Suspends.
   *
   * @param source the file to read
   * @param sink the file whose content is replaced
   * @param deadline when to stop waiting
   * @throws ErrnoException EOPNOTSUPP if the file system can't do that, EXDEV if the files are in
   *     two of them, EBADF, EISDIR, EINVAL, ETXTBSY and so on
   * @throws UnsupportedOperationException on a backend that can't do that
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed: it is not known then
   *     whether it happens
   */
  public static void share(ByteSource source, ByteSink sink, Deadline deadline) throws IOException {
    Endpoint from = Splice.required(source);
    Endpoint to = Splice.required(sink);
    from.loop.backend().require(Capability.FILE_COPIES, "share " + from.name());
    int result =
        Splicing.perform(
            Opcode.CLONE, from, Splicing.HERE, to, Splicing.HERE, 0, deadline.nanoTime());
    Splice.requireDone(result, from, to);
  }
}

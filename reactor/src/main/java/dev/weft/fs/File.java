// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import dev.weft.Deadline;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.FileAttributes;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.io.DirectMoves;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.PathCalls;
import dev.weft.internal.io.Segments;
import dev.weft.internal.io.VectoredTransfers;
import dev.weft.internal.strand.Operations;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import dev.weft.io.ByteStream;
import dev.weft.io.SegmentList;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Open file. As a stream it reads and writes at its own position; other methods read and write at
 * any position. Where an operation would block, the kernel performs it on its worker threads.
 */
public final class File implements ByteStream {
  static {
    Endpoint.IN.register(File.class, file -> file.endpoint);
  }

  private static final int PERMISSIONS_DEFAULT = 0666; // open(2) subtracts the umask

  private final Endpoint endpoint;

  private File(Endpoint endpoint) {
    this.endpoint = endpoint;
  }

  /**
   * Opens a file. Suspends. Opening a named pipe waits until another process or fiber opens the
   * other end (fifo(7)), and occupies a worker thread of the kernel meanwhile.
   *
   * @param path a path of the default file system; its original bytes are used, even if they are
   *     not valid text in the locale. A {@code Path} has no slash at its end, which would require a
   *     directory: end it with {@code /.} for that
   * @param options {@link StandardOpenOption}s: none to read, otherwise as for {@link
   *     java.nio.channels.FileChannel#open}, but APPEND goes with READ and TRUNCATE_EXISTING too.
   *     DELETE_ON_CLOSE and SPARSE are rejected. Or {@link FileOption}s
   * @return an open file
   * @throws ErrnoException ENOENT, EACCES, EISDIR, EMFILE and so on (open(2))
   */
  public static File open(Path path, OpenOption... options) throws IOException {
    return open(path, Deadline.NEVER, options);
  }

  /**
   * Opens a file as {@link #open(Path, OpenOption...)} does; waits until {@code deadline} at most
   * for the other end of a named pipe, or for a slow file system. Suspends.
   *
   * @param path a path of the default file system
   * @param deadline when to stop waiting
   * @param options see {@link #open(Path, OpenOption...)}
   * @return an open file
   * @throws ErrnoException ENOENT, EACCES, EISDIR, EMFILE and so on (open(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static File open(Path path, Deadline deadline, OpenOption... options) throws IOException {
    return open(null, path, deadline, options);
  }

  /** Opens a file in a directory, or in the working directory. */
  static File open(
      @Nullable Endpoint directory, Path path, Deadline deadline, OpenOption... options)
      throws IOException {
    int flags = flags(new HashSet<>(Arrays.asList(options)));
    Strand strand = PathCalls.enter(directory, "open");
    if ((flags & OpenFlags.DIRECT) != 0) {
      strand.loop.backend().requireDirectTable("open " + path);
    }
    Endpoint endpoint = new Endpoint(strand.loop, Endpoint.Kind.STREAM, path, path);
    File file = new File(endpoint);
    PathCalls.open(directory, endpoint, path, flags, PERMISSIONS_DEFAULT, deadline.nanoTime());
    return file;
  }

  private static int flags(Set<OpenOption> options) {
    boolean append = options.contains(StandardOpenOption.APPEND);
    boolean write = append || options.contains(StandardOpenOption.WRITE);
    boolean read = options.contains(StandardOpenOption.READ) || !write;
    int flags = (read ? OpenFlags.READ : 0) | (write ? OpenFlags.WRITE : 0);
    for (OpenOption option : options) {
      if (option == FileOption.DIRECT_DESCRIPTOR) {
        flags |= OpenFlags.DIRECT;
        continue;
      }
      if (!(option instanceof StandardOpenOption standard)) {
        throw new IllegalArgumentException("not an option of File.open: " + option);
      }
      flags |=
          switch (standard) {
            case READ, WRITE -> 0;
            case APPEND -> OpenFlags.APPEND;
            case TRUNCATE_EXISTING -> write ? OpenFlags.TRUNCATE : 0;
            case CREATE -> write ? OpenFlags.CREATE : 0;
            case CREATE_NEW -> write ? OpenFlags.CREATE | OpenFlags.EXCLUSIVE : 0;
            case SYNC -> OpenFlags.SYNC;
            case DSYNC -> OpenFlags.SYNC_DATA;
            case DELETE_ON_CLOSE, SPARSE ->
                throw new IllegalArgumentException("not an option of File.open: " + option);
          };
    }
    return flags;
  }

  @Override
  public int read(MemorySegment target, Deadline deadline) throws IOException {
    return endpoint.read(target, deadline.nanoTime());
  }

  /**
   * Fills several segments as one: up to 64 of them by one operation of the system (readv(2)), if
   * the list skips no place. Waits until {@code deadline} at most. Suspends.
   */
  @Override
  public void readFully(SegmentList target, Deadline deadline) throws IOException {
    if (target.hasSkips()) {
      ByteStream.super.readFully(target, deadline);
    } else {
      VectoredTransfers.readFully(endpoint, Segments.toFill(target), deadline.nanoTime());
    }
  }

  @Override
  public void write(MemorySegment source, Deadline deadline) throws IOException {
    endpoint.write(source, deadline.nanoTime());
  }

  /**
   * Writes several segments as one, without a copy: up to 64 of them by one operation of the system
   * (writev(2)). Waits until {@code deadline} at most. Suspends.
   */
  @Override
  public void write(SegmentList source, Deadline deadline) throws IOException {
    VectoredTransfers.write(
        endpoint, Segments.toWrite(source), Op.CURRENT_POSITION, deadline.nanoTime());
  }

  @Override
  public int writeSome(MemorySegment source, Deadline deadline) throws IOException {
    return endpoint.writeSome(source, deadline.nanoTime());
  }

  /**
   * Reads bytes at a position, without moving the file's own position. Suspends.
   *
   * @param target native memory to fill from its start, owned by the kernel until the call ends
   * @param position bytes from the start of the file
   * @return bytes read, perhaps fewer than requested; -1 at or beyond the end of the file
   * @throws ErrnoException ESPIPE if the file is not seekable, EIO, EISDIR and so on (pread(2))
   */
  public int readAt(MemorySegment target, long position) throws IOException {
    return readAt(target, position, Deadline.NEVER);
  }

  /**
   * As {@link #readAt(MemorySegment, long)}; waits until {@code deadline} at most. Suspends.
   *
   * @param target native memory to fill from its start, owned by the kernel until the call ends
   * @param position bytes from the start of the file
   * @param deadline when to stop waiting
   * @return bytes read, perhaps fewer than requested; -1 at or beyond the end of the file
   * @throws ErrnoException ESPIPE if the file is not seekable, EIO, EISDIR and so on (pread(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public int readAt(MemorySegment target, long position, Deadline deadline) throws IOException {
    return endpoint.readAt(target, checked(position), deadline.nanoTime());
  }

  /**
   * Writes all of a segment at a position, without moving the file's own position. Suspends.
   *
   * @param source native memory, owned by the kernel until the call ends
   * @param position bytes from the start of the file
   * @throws ErrnoException ENOSPC, EFBIG, EIO and so on (pwrite(2)); part of it may have been
   *     written
   */
  public void writeAt(MemorySegment source, long position) throws IOException {
    writeAt(source, position, Deadline.NEVER);
  }

  /**
   * As {@link #writeAt(MemorySegment, long)}; waits until {@code deadline} at most. Suspends.
   *
   * @param source native memory, owned by the kernel until the call ends
   * @param position bytes from the start of the file
   * @param deadline when to stop waiting
   * @throws ErrnoException ENOSPC, EFBIG, EIO and so on (pwrite(2)); part of it may have been
   *     written
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed; part may have been
   *     written
   */
  public void writeAt(MemorySegment source, long position, Deadline deadline) throws IOException {
    checked(position);
    long written = 0;
    do {
      written += endpoint.writeAt(source.asSlice(written), position + written, deadline.nanoTime());
    } while (written < source.byteSize());
  }

  /**
   * Reads bytes at the file's own position into several segments, in order (readv(2)). Suspends.
   *
   * @param target the segments, without skipped places, owned by the kernel until the call ends; up
   *     to 64 of them are filled
   * @return bytes read, perhaps fewer than requested; -1 at the end of the file; 0 only if {@code
   *     target} is empty
   * @throws ErrnoException EIO, EISDIR and so on (readv(2))
   */
  public int read(SegmentList target) throws IOException {
    return read(target, Deadline.NEVER);
  }

  /**
   * Reads bytes into several segments, as {@link #read(SegmentList)} does; waits until {@code
   * deadline} at most. Suspends.
   *
   * @param target the segments, without skipped places, owned by the kernel until the call ends; up
   *     to 64 of them are filled
   * @param deadline when to stop waiting
   * @return bytes read, perhaps fewer than requested; -1 at the end of the file; 0 only if {@code
   *     target} is empty
   * @throws ErrnoException EIO, EISDIR and so on (readv(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public int read(SegmentList target, Deadline deadline) throws IOException {
    return VectoredTransfers.read(
        endpoint, Segments.toFill(target), Op.CURRENT_POSITION, deadline.nanoTime());
  }

  /**
   * Reads bytes at a position into several segments, in order, without moving the file's own
   * position (preadv(2)). Suspends.
   *
   * @param target the segments, without skipped places, owned by the kernel until the call ends; up
   *     to 64 of them are filled
   * @param position bytes from the start of the file
   * @return bytes read, perhaps fewer than requested; -1 at or beyond the end of the file
   * @throws ErrnoException ESPIPE if the file is not seekable, EIO, EISDIR and so on (preadv(2))
   */
  public int readAt(SegmentList target, long position) throws IOException {
    return readAt(target, position, Deadline.NEVER);
  }

  /**
   * As {@link #readAt(SegmentList, long)}; waits until {@code deadline} at most. Suspends.
   *
   * @param target the segments, without skipped places, owned by the kernel until the call ends; up
   *     to 64 of them are filled
   * @param position bytes from the start of the file
   * @param deadline when to stop waiting
   * @return bytes read, perhaps fewer than requested; -1 at or beyond the end of the file
   * @throws ErrnoException ESPIPE if the file is not seekable, EIO, EISDIR and so on (preadv(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public int readAt(SegmentList target, long position, Deadline deadline) throws IOException {
    return VectoredTransfers.read(
        endpoint, Segments.toFill(target), checked(position), deadline.nanoTime());
  }

  /**
   * Writes all of several segments at a position, in order, without moving the file's own position:
   * up to 64 of them by one operation of the system (pwritev(2)). Suspends.
   *
   * @param source the segments, without skipped places, owned by the kernel until the call ends
   * @param position bytes from the start of the file
   * @throws ErrnoException ENOSPC, EFBIG, EIO and so on (pwritev(2)); part of it may have been
   *     written
   */
  public void writeAt(SegmentList source, long position) throws IOException {
    writeAt(source, position, Deadline.NEVER);
  }

  /**
   * As {@link #writeAt(SegmentList, long)}; waits until {@code deadline} at most. Suspends.
   *
   * @param source the segments, without skipped places, owned by the kernel until the call ends
   * @param position bytes from the start of the file
   * @param deadline when to stop waiting
   * @throws ErrnoException ENOSPC, EFBIG, EIO and so on (pwritev(2)); part of it may have been
   *     written
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed; part may have been
   *     written
   */
  public void writeAt(SegmentList source, long position, Deadline deadline) throws IOException {
    VectoredTransfers.write(
        endpoint, Segments.toWrite(source), checked(position), deadline.nanoTime());
  }

  private static long checked(long position) {
    if (position < 0) {
      throw new IllegalArgumentException("position must not be negative: " + position);
    }
    return position;
  }

  /**
   * Returns the file's attributes (statx(2)). Suspends.
   *
   * @return a snapshot
   * @throws IOException if the file is closed
   */
  public FileStat stat() throws IOException {
    return stat(Deadline.NEVER);
  }

  /**
   * Returns the file's attributes (statx(2)); waits until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting
   * @return a snapshot
   * @throws IOException if the file is closed
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public FileStat stat(Deadline deadline) throws IOException {
    Strand strand = endpoint.enter("stat");
    long nanoTime = deadline.nanoTime();
    Handle handle = endpoint.handle();
    Handle plain = DirectMoves.plain(strand, "stat", handle, endpoint.name(), nanoTime);
    try {
      return stat(strand, plain, nanoTime);
    } finally {
      DirectMoves.giveBack(strand, handle, plain);
    }
  }

  private FileStat stat(Strand strand, Handle handle, long deadline) throws IOException {
    FileAttributes attributes = new FileAttributes();
    Op op = strand.waiting.op().stat(handle, attributes);
    endpoint.check(
        "stat",
        Operations.performRepeatedly(
            strand, "stat", endpoint.name(), op, deadline, WaitMode.EXTERNAL));
    return FileStat.of(attributes);
  }

  /**
   * Flushes the file's data and attributes to disk. Suspends.
   *
   * @throws ErrnoException EIO, ENOSPC or EDQUOT if that failed (fsync(2)): data that was written
   *     may be lost
   */
  public void sync() throws IOException {
    sync(Deadline.NEVER);
  }

  /**
   * Flushes the file's data and attributes to disk; waits until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting
   * @throws ErrnoException EIO, ENOSPC or EDQUOT if that failed (fsync(2)): data that was written
   *     may be lost
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed: it is not known how
   *     much is on disk
   */
  public void sync(Deadline deadline) throws IOException {
    sync(false, deadline);
  }

  /**
   * Flushes the file's data to disk, and only those attributes that are needed to read it.
   * Suspends.
   *
   * @throws ErrnoException EIO, ENOSPC or EDQUOT if that failed (fdatasync(2)): data that was
   *     written may be lost
   */
  public void syncData() throws IOException {
    syncData(Deadline.NEVER);
  }

  /**
   * Flushes the file's data, as {@link #syncData()} does; waits until {@code deadline} at most.
   * Suspends.
   *
   * @param deadline when to stop waiting
   * @throws ErrnoException EIO, ENOSPC or EDQUOT if that failed (fdatasync(2)): data that was
   *     written may be lost
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed: it is not known how
   *     much is on disk
   */
  public void syncData(Deadline deadline) throws IOException {
    sync(true, deadline);
  }

  private void sync(boolean dataOnly, Deadline deadline) throws IOException {
    Strand strand = endpoint.enter("sync");
    Op op = strand.waiting.op().sync(endpoint.handle(), dataOnly);
    long nanoTime = deadline.nanoTime();
    endpoint.check(
        "sync",
        Operations.performRepeatedly(
            strand, "sync", endpoint.name(), op, nanoTime, WaitMode.EXTERNAL));
  }

  /**
   * Closes the file. Suspends, even in a cancelled fiber. Does nothing the second time.
   *
   * @throws ErrnoException EIO, ENOSPC or EDQUOT if data written earlier could not be stored
   *     (close(2)); the file is closed even so
   */
  @Override
  public void close() throws IOException {
    endpoint.closeChecked();
  }

  @Override
  public String toString() {
    return endpoint.name().toString();
  }
}

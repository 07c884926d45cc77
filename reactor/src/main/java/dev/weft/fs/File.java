// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.FileAttributes;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.backend.PathRequest;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.FileCalls;
import dev.weft.internal.io.PathCalls;
import dev.weft.internal.io.Segments;
import dev.weft.internal.io.VectoredTransfers;
import dev.weft.internal.strand.Strand;
import dev.weft.io.ByteStream;
import dev.weft.io.SegmentList;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Open file. As a stream it reads and writes at its own position; other methods read and write at
 * any position. Where an operation would block, the kernel performs it on its worker threads.
 */
public final class File implements ByteStream {
  static {
    Endpoint.IN.register(File.class, file -> file.endpoint);
  }

  /** Where neither the file system nor the kernel says what is needed, a page suffices. */
  private static final int ALIGNMENT_DEFAULT = 4096;

  private final Endpoint endpoint;

  /** Whether it is known to have positions. */
  private boolean isSeekable;

  private File(Endpoint endpoint) {
    this.endpoint = endpoint;
  }

  Endpoint endpoint() {
    return endpoint;
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
   *     DELETE_ON_CLOSE and SPARSE are rejected. Or {@link FileOption}s, {@link
   *     java.nio.file.LinkOption#NOFOLLOW_LINKS} (ELOOP if it is a symbolic link) and {@link
   *     Permissions}
   * @return an open file
   * @throws ErrnoException ENOENT, EACCES, EISDIR, EMFILE and so on (open(2))
   * @throws UnsupportedOperationException for an option that the backend does not have
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
    FileOption.Mode mode = FileOption.Mode.of(options);
    Strand strand = PathCalls.enter(directory, "open");
    if (mode.has(OpenFlags.DIRECT)) {
      strand.loop.backend().requireDirectTable("open " + path);
    }
    if (mode.has(OpenFlags.SPECIAL)) {
      String what = "open " + path + " with " + Arrays.toString(options);
      strand.loop.backend().require(Capability.ALL_OPEN_FLAGS, what);
    }
    Endpoint endpoint = new Endpoint(strand.loop, Endpoint.Kind.STREAM, path, path);
    File file = new File(endpoint);
    PathCalls.open(
        directory, endpoint, path, mode.flags(), mode.permissions(), deadline.nanoTime());
    return file;
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
    return endpoint.readAt(target, checked("read", position), deadline.nanoTime());
  }

  /**
   * Fills a segment with the bytes at a position, without moving the file's own position. Suspends.
   *
   * @param target native memory to fill, owned by the kernel until the call ends
   * @param position bytes from the start of the file
   * @throws java.io.EOFException if the file ends before
   * @throws ErrnoException ESPIPE if the file is not seekable, EIO, EISDIR and so on (pread(2))
   */
  public void readFullyAt(MemorySegment target, long position) throws IOException {
    readFullyAt(target, position, Deadline.NEVER);
  }

  /**
   * As {@link #readFullyAt(MemorySegment, long)}; waits until {@code deadline} at most. Suspends.
   *
   * @param target native memory to fill, owned by the kernel until the call ends
   * @param position bytes from the start of the file
   * @param deadline when to stop waiting
   * @throws java.io.EOFException if the file ends before
   * @throws ErrnoException ESPIPE if the file is not seekable, EIO, EISDIR and so on (pread(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void readFullyAt(MemorySegment target, long position, Deadline deadline)
      throws IOException {
    checked("read", position);
    long end = target.byteSize();
    long filled = 0;
    do {
      long nanoTime = deadline.nanoTime();
      int count = endpoint.readAt(target.asSlice(filled), position + filled, nanoTime);
      if (count < 0) {
        throw new EOFException("the file ended after " + filled + " of " + end + " bytes");
      }
      filled += count;
    } while (filled < end);
  }

  /**
   * Writes all of a segment at a position, without moving the file's own position. Suspends.
   *
   * @param source native memory, owned by the kernel until the call ends
   * @param position bytes from the start of the file
   * @throws ErrnoException ESPIPE if the file is not seekable, ENOSPC, EFBIG, EIO and so on
   *     (pwrite(2)); part of it may have been written
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
    checked("write", position);
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
        endpoint, Segments.toFill(target), checked("read", position), deadline.nanoTime());
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
        endpoint, Segments.toWrite(source), checked("write", position), deadline.nanoTime());
  }

  /** Checks a position, and that the file has any: a ring would ignore those of a pipe. */
  private long checked(String verb, long position) throws IOException {
    if (position < 0) {
      throw new IllegalArgumentException("position must not be negative: " + position);
    }
    if (!isSeekable) {
      FileCalls.requireSeekable(endpoint, verb);
      isSeekable = true;
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
    return FileStat.of(FileCalls.stat(endpoint, deadline.nanoTime()));
  }

  /**
   * Returns what transfers of {@link FileOption#DIRECT_IO} must be aligned to, and allocates memory
   * that is (statx(2), STATX_DIOALIGN). Where the file system does not say, 4096 bytes. Suspends.
   *
   * @return the alignment
   * @throws ErrnoException EINVAL if the file can't be opened so
   * @throws UnsupportedOperationException on a selector
   */
  public FileAlignment alignment() throws IOException {
    return alignment(Deadline.NEVER);
  }

  /**
   * As {@link #alignment()}; waits until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting
   * @return the alignment
   * @throws ErrnoException EINVAL if the file can't be opened so
   * @throws UnsupportedOperationException on a selector
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public FileAlignment alignment(Deadline deadline) throws IOException {
    endpoint.loop.backend().require(Capability.ALL_OPEN_FLAGS, "File.alignment");
    FileAttributes found = FileCalls.stat(endpoint, deadline.nanoTime());
    int memory = found.directMemoryAlignment;
    int position = found.directPositionAlignment;
    if (memory == 0 || position == 0) {
      throw new ErrnoException("alignment", endpoint.name().toString(), Errno.EINVAL.code());
    }
    return memory < 0
        ? new FileAlignment(ALIGNMENT_DEFAULT, ALIGNMENT_DEFAULT)
        : new FileAlignment(memory, position);
  }

  /**
   * Sets the size of the file: what is beyond is lost, what is added reads as zeros and takes no
   * space. The file's own position stays. Suspends.
   *
   * @param sizeBytes the new size
   * @throws ErrnoException EINVAL if the file is not open for writing or has no size, EFBIG, ENOSPC
   *     and so on (ftruncate(2))
   */
  public void truncate(long sizeBytes) throws IOException {
    truncate(sizeBytes, Deadline.NEVER);
  }

  /**
   * As {@link #truncate(long)}; waits until {@code deadline} at most. Suspends.
   *
   * @param sizeBytes the new size
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException EINVAL if the file is not open for writing or has no size, EFBIG, ENOSPC
   *     and so on (ftruncate(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void truncate(long sizeBytes, Deadline deadline) throws IOException {
    if (sizeBytes < 0) {
      throw new IllegalArgumentException("sizeBytes must not be negative: " + sizeBytes);
    }
    PathRequest request = PathRequest.truncate(endpoint.handle(), sizeBytes);
    FileCalls.perform(endpoint, "truncate", request, deadline.nanoTime());
  }

  /**
   * Sets the permissions of the file. Suspends.
   *
   * @param permissions the lower twelve bits of a mode, such as 0640; the umask takes nothing
   * @throws ErrnoException EPERM, EROFS and so on (fchmod(2))
   */
  public void setPermissions(int permissions) throws IOException {
    setPermissions(permissions, Deadline.NEVER);
  }

  /**
   * As {@link #setPermissions(int)}; waits until {@code deadline} at most. Suspends.
   *
   * @param permissions the lower twelve bits of a mode, such as 0640; the umask takes nothing
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException EPERM, EROFS and so on (fchmod(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void setPermissions(int permissions, Deadline deadline) throws IOException {
    Permissions.requireMode(permissions);
    PathRequest request = PathRequest.setPermissions(endpoint.handle(), permissions);
    FileCalls.perform(endpoint, "chmod", request, deadline.nanoTime());
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
    FileCalls.sync(endpoint, dataOnly, 0, 0, deadline.nanoTime());
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

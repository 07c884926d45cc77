// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import dev.weft.Deadline;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Allocation;
import dev.weft.internal.backend.FileAdvice;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.FileCalls;
import java.io.IOException;

/**
 * Range of an open file: flushed alone, with advice to the system about its use, and with space
 * that can be taken and given back. Immutable; holds no bytes.
 */
public final class FileRange {
  /** How a range will be used. */
  public enum Advice {
    /** As any other. */
    NORMAL(FileAdvice.NORMAL),
    /** Here and there: nothing is read ahead. */
    RANDOM(FileAdvice.RANDOM),
    /** From its start to its end: much is read ahead. */
    SEQUENTIAL(FileAdvice.SEQUENTIAL),
    /** Soon: it is read into the page cache. */
    WILL_NEED(FileAdvice.WILL_NEED),
    /** Not soon: pages that have been written back leave the page cache. */
    DONT_NEED(FileAdvice.DONT_NEED),
    /** Once. */
    NO_REUSE(FileAdvice.NO_REUSE);

    final FileAdvice internal;

    Advice(FileAdvice internal) {
      this.internal = internal;
    }
  }

  private final File file;
  private final Endpoint endpoint;
  private final long position;

  /** 0 if it reaches to the end of the file, wherever that is. */
  private final long bytes;

  private FileRange(File file, long position, long bytes) {
    if (position < 0) {
      throw new IllegalArgumentException("position must not be negative: " + position);
    }
    this.file = file;
    endpoint = file.endpoint();
    this.position = position;
    this.bytes = bytes;
  }

  /**
   * Returns a range of a file.
   *
   * @param file an open file
   * @param position bytes from the start of the file
   * @param bytes its length, which may reach beyond the end of the file
   * @return the range
   * @throws IllegalArgumentException if {@code position} is negative, {@code bytes} is not
   *     positive, or the sum is more than a long holds
   */
  public static FileRange of(File file, long position, long bytes) {
    if (bytes <= 0 || position + bytes < 0) {
      throw new IllegalArgumentException(
          "bytes must be positive, and the end a long: " + bytes + " from " + position);
    }
    return new FileRange(file, position, bytes);
  }

  /**
   * Returns the range from a position to the end of a file, wherever that is.
   *
   * @param file an open file
   * @param position bytes from the start of the file
   * @return a range, which has no length and can't be allocated
   * @throws IllegalArgumentException if {@code position} is negative
   */
  public static FileRange from(File file, long position) {
    return new FileRange(file, position, 0);
  }

  /**
   * Advises the system how the range will be used (posix_fadvise(2)): a hint, which changes no
   * byte. Suspends.
   *
   * @param advice how; a selector takes it and does nothing
   * @throws ErrnoException ESPIPE of a pipe and so on (posix_fadvise(2))
   */
  public void advise(Advice advice) throws IOException {
    advise(advice, Deadline.NEVER);
  }

  /**
   * As {@link #advise(Advice)}; waits until {@code deadline} at most. Suspends.
   *
   * @param advice how; a selector takes it and does nothing
   * @param deadline when to stop waiting
   * @throws ErrnoException ESPIPE of a pipe and so on (posix_fadvise(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void advise(Advice advice, Deadline deadline) throws IOException {
    FileCalls.advise(endpoint, position, bytes, advice.internal, deadline.nanoTime());
  }

  /**
   * Flushes the range to disk, with the attributes of the file. More than the range may be flushed.
   * Suspends.
   *
   * @throws ErrnoException EIO, ENOSPC or EDQUOT if that failed (fsync(2)): data that was written
   *     may be lost
   */
  public void sync() throws IOException {
    sync(Deadline.NEVER);
  }

  /**
   * As {@link #sync()}; waits until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting
   * @throws ErrnoException EIO, ENOSPC or EDQUOT if that failed (fsync(2)): data that was written
   *     may be lost
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed: it is not known how
   *     much is on disk
   */
  public void sync(Deadline deadline) throws IOException {
    FileCalls.sync(endpoint, false, position, bytes, deadline.nanoTime());
  }

  /**
   * Flushes the range to disk, with those attributes alone that are needed to read it. More than
   * the range may be flushed. Suspends.
   *
   * @throws ErrnoException EIO, ENOSPC or EDQUOT if that failed (fdatasync(2)): data that was
   *     written may be lost
   */
  public void syncData() throws IOException {
    syncData(Deadline.NEVER);
  }

  /**
   * As {@link #syncData()}; waits until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting
   * @throws ErrnoException EIO, ENOSPC or EDQUOT if that failed (fdatasync(2)): data that was
   *     written may be lost
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed: it is not known how
   *     much is on disk
   */
  public void syncData(Deadline deadline) throws IOException {
    FileCalls.sync(endpoint, true, position, bytes, deadline.nanoTime());
  }

  /**
   * Begins to write the changed pages of the range to the device, and does not wait for them
   * (SYNC_FILE_RANGE_WRITE). That promises nothing about what a crash leaves: use {@link #syncData}
   * for that, which has less to do then. A selector flushes the whole file. Suspends.
   *
   * @throws ErrnoException EIO, ENOSPC, ESPIPE of a pipe and so on (sync_file_range(2))
   */
  public void startWriteBack() throws IOException {
    startWriteBack(Deadline.NEVER);
  }

  /**
   * As {@link #startWriteBack()}; waits until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting
   * @throws ErrnoException EIO, ENOSPC, ESPIPE of a pipe and so on (sync_file_range(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void startWriteBack(Deadline deadline) throws IOException {
    writeBack(false, deadline);
  }

  /**
   * Writes the changed pages of the range to the device, and waits for them (sync_file_range(2)).
   * Neither attributes nor the cache of the device are flushed: see {@link #startWriteBack}.
   * Suspends.
   *
   * @throws ErrnoException EIO, ENOSPC, ESPIPE of a pipe and so on (sync_file_range(2))
   */
  public void writeBack() throws IOException {
    writeBack(Deadline.NEVER);
  }

  /**
   * As {@link #writeBack()}; waits until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting
   * @throws ErrnoException EIO, ENOSPC, ESPIPE of a pipe and so on (sync_file_range(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void writeBack(Deadline deadline) throws IOException {
    writeBack(true, deadline);
  }

  /**
   * Takes space for the whole range, so that writes to it do not fail with ENOSPC. What was there
   * stays; the file becomes longer if the range ends beyond. Suspends.
   *
   * @throws ErrnoException ENOSPC, EFBIG, EOPNOTSUPP of a file system that can't do it, EBADF if
   *     the file is not open for writing and so on (fallocate(2))
   * @throws UnsupportedOperationException on a selector
   * @throws IllegalStateException if the range has no length
   */
  public void allocate() throws IOException {
    allocate(Deadline.NEVER);
  }

  /**
   * As {@link #allocate()}; waits until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException ENOSPC, EFBIG, EOPNOTSUPP of a file system that can't do it, EBADF if
   *     the file is not open for writing and so on (fallocate(2))
   * @throws UnsupportedOperationException on a selector
   * @throws IllegalStateException if the range has no length
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void allocate(Deadline deadline) throws IOException {
    allocate(Allocation.ALLOCATE, deadline);
  }

  /**
   * As {@link #allocate}, but the size of the file stays (FALLOC_FL_KEEP_SIZE). Suspends.
   *
   * @throws ErrnoException ENOSPC, EFBIG, EOPNOTSUPP of a file system that can't do it, EBADF if
   *     the file is not open for writing and so on (fallocate(2))
   * @throws UnsupportedOperationException on a selector
   * @throws IllegalStateException if the range has no length
   */
  public void reserve() throws IOException {
    reserve(Deadline.NEVER);
  }

  /**
   * As {@link #reserve()}; waits until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException ENOSPC, EFBIG, EOPNOTSUPP of a file system that can't do it, EBADF if
   *     the file is not open for writing and so on (fallocate(2))
   * @throws UnsupportedOperationException on a selector
   * @throws IllegalStateException if the range has no length
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void reserve(Deadline deadline) throws IOException {
    allocate(Allocation.RESERVE, deadline);
  }

  /**
   * Gives the space of the range back: it reads as zeros. The size of the file stays
   * (FALLOC_FL_PUNCH_HOLE). Suspends.
   *
   * @throws ErrnoException EOPNOTSUPP of a file system that can't do it, EBADF if the file is not
   *     open for writing and so on (fallocate(2))
   * @throws UnsupportedOperationException on a selector
   * @throws IllegalStateException if the range has no length
   */
  public void punchHole() throws IOException {
    punchHole(Deadline.NEVER);
  }

  /**
   * As {@link #punchHole()}; waits until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException EOPNOTSUPP of a file system that can't do it, EBADF if the file is not
   *     open for writing and so on (fallocate(2))
   * @throws UnsupportedOperationException on a selector
   * @throws IllegalStateException if the range has no length
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void punchHole(Deadline deadline) throws IOException {
    allocate(Allocation.PUNCH_HOLE, deadline);
  }

  /**
   * Makes zeros of the range without writing them; it keeps its space, and the file becomes longer
   * if the range ends beyond (FALLOC_FL_ZERO_RANGE). Suspends.
   *
   * @throws ErrnoException ENOSPC, EOPNOTSUPP of a file system that can't do it, EBADF if the file
   *     is not open for writing and so on (fallocate(2))
   * @throws UnsupportedOperationException on a selector
   * @throws IllegalStateException if the range has no length
   */
  public void zero() throws IOException {
    zero(Deadline.NEVER);
  }

  /**
   * As {@link #zero()}; waits until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException ENOSPC, EOPNOTSUPP of a file system that can't do it, EBADF if the file
   *     is not open for writing and so on (fallocate(2))
   * @throws UnsupportedOperationException on a selector
   * @throws IllegalStateException if the range has no length
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void zero(Deadline deadline) throws IOException {
    allocate(Allocation.ZERO, deadline);
  }

  /**
   * Removes the range from the file: what follows moves to its start (FALLOC_FL_COLLAPSE_RANGE).
   * Suspends.
   *
   * @throws ErrnoException EINVAL if position and length are not multiples of the file system's
   *     block, or the range reaches the end of the file; EOPNOTSUPP, EBADF and so on (fallocate(2))
   * @throws UnsupportedOperationException on a selector
   * @throws IllegalStateException if the range has no length
   */
  public void collapse() throws IOException {
    collapse(Deadline.NEVER);
  }

  /**
   * As {@link #collapse()}; waits until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException EINVAL if position and length are not multiples of the file system's
   *     block, or the range reaches the end of the file; EOPNOTSUPP, EBADF and so on (fallocate(2))
   * @throws UnsupportedOperationException on a selector
   * @throws IllegalStateException if the range has no length
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void collapse(Deadline deadline) throws IOException {
    allocate(Allocation.COLLAPSE, deadline);
  }

  /**
   * Puts a hole of the range's length before what is at its position, which moves to its end
   * (FALLOC_FL_INSERT_RANGE). Suspends.
   *
   * @throws ErrnoException EINVAL if position and length are not multiples of the file system's
   *     block, or the position is not before the end of the file; EFBIG, EOPNOTSUPP, EBADF and so
   *     on (fallocate(2))
   * @throws UnsupportedOperationException on a selector
   * @throws IllegalStateException if the range has no length
   */
  public void insert() throws IOException {
    insert(Deadline.NEVER);
  }

  /**
   * As {@link #insert()}; waits until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException EINVAL if position and length are not multiples of the file system's
   *     block, or the position is not before the end of the file; EFBIG, EOPNOTSUPP, EBADF and so
   *     on (fallocate(2))
   * @throws UnsupportedOperationException on a selector
   * @throws IllegalStateException if the range has no length
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void insert(Deadline deadline) throws IOException {
    allocate(Allocation.INSERT, deadline);
  }

  private void writeBack(boolean waits, Deadline deadline) throws IOException {
    FileCalls.writeBack(endpoint, position, bytes, waits, deadline.nanoTime());
  }

  private void allocate(Allocation how, Deadline deadline) throws IOException {
    if (bytes == 0) {
      throw new IllegalStateException("the range has no length: " + this);
    }
    FileCalls.allocate(endpoint, position, bytes, how, deadline.nanoTime());
  }

  @Override
  public String toString() {
    String end = bytes == 0 ? "the end" : Long.toString(position + bytes);
    return file + " from " + position + " to " + end;
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import dev.weft.bindings.io_uring_cqe;
import dev.weft.error.Errno;
import dev.weft.error.ReactorUnavailableException;
import dev.weft.internal.backend.BackendStats;
import dev.weft.internal.backend.Call;
import dev.weft.internal.backend.DirectDescriptor;
import dev.weft.internal.backend.DirectTable;
import dev.weft.internal.backend.Op;
import dev.weft.internal.os.Libc;
import dev.weft.internal.uring.CompletionQueue;
import dev.weft.internal.uring.Ring;
import dev.weft.internal.uring.SubmissionQueue;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The table of direct descriptors of a ring: closes its slots, and lets system calls use them,
 * which don't know direct descriptors. For the length of a call there is a descriptor of the
 * process; to make it takes a system call of its own, which submits the entries in the queue as
 * well.
 */
final class DirectSlots {
  private static final int UNSUPPORTED = -Errno.EOPNOTSUPP.code();
  private static final int TRY_AGAIN = -Errno.EAGAIN.code();

  /** The lower halves of the user data of entries: no slots of operations. */
  private static final int COPY = -2;

  private static final int CLOSE = -3;

  private final Ring ring;
  private final SubmissionQueue submissions;
  private final CompletionQueue completions;
  private final BackendStats stats;
  private final int threadId;
  private int sequence;

  /** The number of entries whose completions have not been taken from the queue. */
  private int pending;

  /** The slots whose closes wait for room in the queue, each of them once. */
  private int[] closing = {};

  private int closingCount;

  DirectSlots(Ring ring, BackendStats stats, int threadId) {
    this.ring = ring;
    submissions = ring.submissions();
    completions = ring.completions();
    this.stats = stats;
    this.threadId = threadId;
  }

  /** Registers a table of that size with the ring. */
  void open(int size) throws ReactorUnavailableException {
    int[] room = new int[size];
    int result = ring.registerFiles(size);
    if (result < 0) {
      Errno errno = Errno.of(-result);
      String remedy = errno == Errno.EMFILE ? "; raise the limit of open files (ulimit -n)" : "";
      throw new ReactorUnavailableException(
          "a table of " + size + " direct descriptors: " + errno.text() + remedy, errno);
    }
    closing = room;
  }

  /** Whether an entry has not completed, or waits for room. */
  boolean isBusy() {
    return pending > 0 || isClosing();
  }

  // ---- closes

  /**
   * Closes a slot by an entry, because only the ring's own thread may use io_uring_register. What
   * is submitted later finds it free.
   *
   * @param table the account of the slots, or null if there is no table
   * @return 0, or -EBADF
   */
  int close(@Nullable DirectTable table, int direct) {
    if (table == null || !table.close(direct)) {
      return -Errno.EBADF.code();
    }
    closing[closingCount++] = DirectDescriptor.slot(direct);
    flush();
    return 0;
  }

  /** Whether closes wait for room. */
  boolean isClosing() {
    return closingCount > 0;
  }

  /** Writes entries for the closes, as far as there is room. */
  void flush() {
    while (closingCount > 0 && submissions.hasRoom(1)) {
      long userData = Integer.toUnsignedLong(CLOSE);
      SqeEncoder.encodeClose(submissions.next(), closing[--closingCount], userData);
      stats.submissions++;
      pending++;
    }
  }

  // ---- calls

  /** Performs a call on a direct descriptor; returns at least 0, or -errno. */
  int perform(Call call, long scratch) {
    int direct = call.handle();
    int copy = copy(direct);
    if (copy < 0) {
      return copy;
    }
    call.use(copy);
    try {
      return Syscalls.perform(call, scratch);
    } finally {
      call.use(direct);
      Libc.close(copy);
    }
  }

  /** Attempts an operation on a direct descriptor; returns at least 0, or -errno. */
  int attempt(Op op, SqeEncoder encoder) {
    int copy = copy(op.handle());
    if (copy < 0) {
      return copy;
    }
    try {
      return Attempts.perform(op, copy, encoder);
    } finally {
      Libc.close(copy);
    }
  }

  /**
   * Makes a copy, which the caller closes.
   *
   * @return a descriptor or -errno: -EOPNOTSUPP on another thread than the ring's
   */
  private int copy(int direct) {
    if (Libc.threadId() != threadId) {
      return UNSUPPORTED;
    }
    if (!submissions.hasRoom(1)) {
      enter();
      if (!submissions.hasRoom(1)) {
        return TRY_AGAIN; // the kernel is short of memory
      }
    }
    sequence++;
    long userData = (long) sequence << Integer.SIZE | Integer.toUnsignedLong(COPY);
    SqeEncoder.encodeInstall(submissions.next(), DirectDescriptor.slot(direct), userData);
    stats.submissions++;
    pending++;
    enter();
    for (int i = 0; i < completions.ready(); i++) {
      MemorySegment cqe = completions.peek(i);
      if (io_uring_cqe.user_data(cqe) == userData) {
        int result = io_uring_cqe.res(cqe);
        io_uring_cqe.res(cqe, UNSUPPORTED); // taken: delivered() must not close it
        return result;
      }
    }
    return TRY_AGAIN; // the queue of completions is full; delivered() closes the copy
  }

  private void enter() {
    stats.enters++;
    ring.submitNow();
  }

  /** Takes a completion if it is one of ours; a copy that came too late is closed. */
  boolean delivered(long userData, int result) {
    int kind = (int) userData;
    if (kind != COPY && kind != CLOSE) {
      return false;
    }
    pending--;
    if (kind == COPY && result >= 0) {
      Libc.close(result);
    }
    return true;
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.weft.bindings.io_uring_cqe;
import dev.weft.bindings.io_uring_sqe;
import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import dev.weft.error.ReactorUnavailableException;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.BackendStats;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.OpTable;
import dev.weft.internal.os.Libc;
import dev.weft.internal.uring.CompletionQueue;
import dev.weft.internal.uring.KernelFeatures;
import dev.weft.internal.uring.ReceiveBuffers;
import dev.weft.internal.uring.Ring;
import dev.weft.internal.uring.SubmissionQueue;
import dev.weft.internal.uring.Workers;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** The backend on io_uring. */
public final class UringBackend extends Backend {
  /** The user data of entries without an operation. */
  private static final long NO_OPERATION = -1L;

  /** Whether {@link #rehearse} has been done. Threads can race and do it twice. */
  private static volatile boolean rehearsed;

  private final Ring ring;
  private final SubmissionQueue submissions;
  private final CompletionQueue completions;
  private final BackendStats stats = stats();

  /** Written by {@link #wakeup} on other threads; one read of it is always in flight. */
  private final EventDescriptor event = new EventDescriptor();

  private final Op wakeupRead;

  /** Operations that wait for room in the submission queue, in order. */
  private @Nullable Op firstDeferred;

  private @Nullable Op lastDeferred;

  /** Operations whose cancel requests wait for room, newest first. */
  private @Nullable Op firstCancel;

  /** The number of the callers' operations that have not completed, including deferred ones. */
  private int inFlight;

  /** The number of internal entries that have not completed: cancels and the wake-up read. */
  private int housekeeping;

  private @Nullable ReceiveBuffers receiveBuffers;

  private final Workers workers;

  private boolean closing;

  /**
   * Opens a ring on the calling thread.
   *
   * @throws ReactorUnavailableException if this system does not allow it
   */
  public static UringBackend open(int submissionEntries, int completionEntries)
      throws ReactorUnavailableException {
    rehearse();
    return on(Ring.open(submissionEntries, completionEntries));
  }

  /** Makes a backend of {@code ring}, which is closed if there is no memory for one. */
  private static UringBackend on(Ring ring) throws ReactorUnavailableException {
    boolean made = false;
    try {
      UringBackend backend = new UringBackend(ring);
      made = true;
      return backend;
    } finally {
      if (!made) {
        ring.close();
      }
    }
  }

  private UringBackend(Ring ring) throws ReactorUnavailableException {
    this.ring = ring;
    submissions = ring.submissions();
    completions = ring.completions();
    workers = ring.workers();
    boolean made = false;
    try {
      wakeupRead = table.create(this::wokenUp);
      event.open();
      watchForWakeup();
      made = true;
    } finally {
      if (!made) { // refused, or because memory was short
        table.close();
        event.close();
      }
    }
  }

  /**
   * Runs every operation of a backend once: the JVM links each native call and memory access at its
   * first use, and must not run out of memory in the middle of a submission.
   */
  private static void rehearse() throws ReactorUnavailableException {
    if (rehearsed) {
      return;
    }
    try (UringBackend backend = on(Ring.open(1, 2))) {
      Op op = backend.create(each -> {});
      backend.submit(op.poll(backend.event.handle(), 0));
      backend.poll(0);
      backend.cancel(op);
      backend.wakeup();
      while (op.isBusy()) {
        backend.poll(1);
      }
      backend.release(op);
    }
    rehearsed = true;
  }

  @Override
  public KernelFeatures features() {
    return ring.features();
  }

  @Override
  public int inFlight() {
    return inFlight;
  }

  @Override
  public int openReceiveBuffers(int count) {
    if (receiveBuffers != null) {
      return -Errno.EEXIST.code();
    }
    receiveBuffers = ring.openReceiveBuffers(count);
    return receiveBuffers == null ? -Errno.EOPNOTSUPP.code() : 0;
  }

  @Override
  public void offerReceiveBuffer(int number, long address, int bytes) {
    ReceiveBuffers opened = receiveBuffers;
    if (opened == null) {
      super.offerReceiveBuffer(number, address, bytes);
    } else {
      opened.offer(number, address, bytes);
    }
  }

  @Override
  public void closeReceiveBuffers() {
    ReceiveBuffers opened = receiveBuffers;
    if (opened != null) {
      receiveBuffers = null;
      opened.close();
    }
  }

  @Override
  public void beginBlocking() {
    workers.beginBlocking();
  }

  @Override
  public void endBlocking() {
    workers.endBlocking();
  }

  public Ring ring() {
    return ring;
  }

  // ---- submitting

  @Override
  protected int perform(Op op) {
    return SyscallOps.perform(op);
  }

  @Override
  public int closeDescriptor(int descriptor) {
    return Libc.close(descriptor);
  }

  @Override
  protected void start(Op op) {
    int count = op.link == null ? 1 : op.chainLength();
    if (count > submissions.entries()) {
      throw new IllegalArgumentException(
          "a chain of " + count + " operations exceeds the queue of " + submissions.entries());
    }
    if (firstDeferred != null || !submissions.hasRoom(count)) {
      deferStart(op);
    } else {
      int mark = submissions.mark();
      try {
        write(op);
      } catch (Throwable e) {
        submissions.rewind(mark); // or the kernel would get the entry's old contents
        throw e;
      }
    }
    inFlight += count;
  }

  private void deferStart(Op op) {
    stats.deferred++;
    defer(op);
    op.nextDeferred = null;
    if (lastDeferred == null) {
      firstDeferred = op;
    } else {
      lastDeferred.nextDeferred = op;
    }
    lastDeferred = op;
  }

  /** Writes a chain to consecutive entries. The end of a submission would cut it. */
  private void write(Op head) {
    for (Op op = head; op != null; op = op.link) {
      begin(op);
      int linkFlag = op.link == null ? 0 : weft_h.IOSQE_IO_LINK();
      MemorySegment sqe = submissions.next();
      io_uring_sqe.opcode(sqe, (byte) op.opcode);
      io_uring_sqe.flags(sqe, (byte) (op.sqeFlags | linkFlag));
      io_uring_sqe.ioprio(sqe, (short) op.ioPriority);
      io_uring_sqe.fd(sqe, op.handle);
      io_uring_sqe.off(sqe, op.offset);
      io_uring_sqe.addr(sqe, op.address);
      io_uring_sqe.len(sqe, op.length);
      io_uring_sqe.rw_flags(sqe, op.opFlags);
      io_uring_sqe.user_data(sqe, OpTable.userData(op));
      writeRest(sqe, op.spliceHandle);
      stats.submissions++;
    }
  }

  /** Writes the last 24 bytes, for splice. Few stores, so that the JIT inlines them all. */
  private static void writeRest(MemorySegment sqe, int spliceHandle) {
    sqe.set(JAVA_INT, io_uring_sqe.buf_index$offset(), 0); // and personality
    io_uring_sqe.splice_fd_in(sqe, spliceHandle);
    io_uring_sqe.addr3(sqe, 0);
    sqe.set(JAVA_LONG, io_uring_sqe.__pad2$offset(), 0);
  }

  @Override
  public void cancel(Op op) {
    // A deferred operation completes when flush() reaches it. The queue is linked through the
    // operations, since a cancel must not fail because memory is short.
    if (beginCancel(op) && !op.cancelQueued) {
      op.cancelQueued = true;
      op.nextCancel = firstCancel;
      firstCancel = op;
    }
  }

  /**
   * Moves waiting operations and cancels into the submission queue, as far as there is room.
   *
   * @return the number of operations that were completed, because they were cancelled while waiting
   */
  private int flush() {
    int completed = 0;
    while (firstCancel != null && submissions.hasRoom(1)) {
      Op op = firstCancel;
      firstCancel = op.nextCancel;
      op.nextCancel = null;
      op.cancelQueued = false;
      if (op.state == Op.State.CANCELLING) { // it can have completed and be in use again
        writeCancel(OpTable.userData(op));
      }
    }
    while (firstDeferred != null) {
      Op op = firstDeferred;
      boolean cancelled = anyCancelled(op);
      if (!cancelled && !submissions.hasRoom(op.chainLength())) {
        return completed;
      }
      firstDeferred = op.nextDeferred;
      op.nextDeferred = null;
      if (firstDeferred == null) {
        lastDeferred = null;
      }
      if (cancelled) {
        completed += completeUnsubmitted(op);
      } else {
        write(op);
      }
    }
    return completed;
  }

  private static boolean anyCancelled(Op head) {
    for (Op op = head; op != null; op = op.link) {
      if (op.cancelRequested) {
        return true;
      }
    }
    return false;
  }

  private int completeUnsubmitted(Op head) {
    int count = 0;
    for (Op op = head; op != null; count++) {
      Op next = op.link; // the listener can reuse op
      finish(op, -Errno.ECANCELED.code(), 0);
      op = next;
    }
    return count;
  }

  private void finish(Op op, int result, int flags) {
    if ((flags & weft_h.IORING_CQE_F_MORE()) == 0) {
      if (op == wakeupRead) {
        housekeeping--;
      } else {
        inFlight--;
      }
    }
    op.complete(result, flags);
  }

  private void writeCancel(long userData) {
    MemorySegment sqe = submissions.next();
    io_uring_sqe.opcode(sqe, (byte) weft_h.IORING_OP_ASYNC_CANCEL());
    io_uring_sqe.flags(sqe, (byte) 0);
    io_uring_sqe.ioprio(sqe, (short) 0);
    io_uring_sqe.fd(sqe, -1);
    io_uring_sqe.off(sqe, 0);
    io_uring_sqe.addr(sqe, userData);
    io_uring_sqe.len(sqe, 0);
    io_uring_sqe.cancel_flags(sqe, 0);
    io_uring_sqe.user_data(sqe, NO_OPERATION);
    writeRest(sqe, 0);
    stats.submissions++;
    housekeeping++;
  }

  // ---- the one system call

  @Override
  public int poll(long timeoutNanos) {
    workers.adapt();
    int delivered = flush();
    // All deferred operations must reach the kernel before the reactor sleeps: those that fill the
    // queue may never complete by themselves.
    while (firstDeferred != null || firstCancel != null) {
      if (!enter(submissions.publish(), 0)) {
        return delivered + reap(); // the kernel is short of memory: let the fibers run first
      }
      delivered += reap() + flush();
    }
    int pending = submissions.publish();
    long wait = delivered > 0 || completions.ready() > 0 ? 0 : timeoutNanos;
    if (pending > 0 || wait != 0 || submissions.needsEnter()) {
      enter(pending, wait);
    }
    return delivered + reap();
  }

  /** Enters the kernel; returns false if it is short of memory or has unread completions. */
  private boolean enter(int pending, long timeoutNanos) {
    if (submissions.completionsOverflowed()) {
      stats.overflows++;
    }
    stats.enters++;
    int result =
        timeoutNanos == 0 ? ring.submit(pending) : ring.submitAndWait(pending, timeoutNanos);
    if (result >= 0) {
      return true;
    }
    return switch (Errno.of(-result)) {
      case ETIME, EINTR -> true;
      // No memory for requests, or completions must be read first: both are temporary.
      case EAGAIN, EBUSY -> {
        stats.retries++;
        yield false;
      }
      default ->
          throw new IllegalStateException(
              "io_uring_enter: " + Errno.of(-result) + " (" + Errno.of(-result).text() + ")");
    };
  }

  private int reap() {
    int count = completions.ready();
    for (int i = 0; i < count; i++) {
      MemorySegment cqe = completions.peek(0);
      long userData = io_uring_cqe.user_data(cqe);
      int result = io_uring_cqe.res(cqe);
      int flags = io_uring_cqe.flags(cqe);
      completions.advance(1); // before the delivery, so that it is delivered at most once
      stats.completions++;
      deliver(userData, result, flags);
    }
    return count;
  }

  private void deliver(long userData, int result, int flags) {
    if (userData == NO_OPERATION) {
      housekeeping--;
      return;
    }
    Op op = table.find(userData);
    if (op == null || !op.isBusy()) {
      stats.stale++;
      return;
    }
    finish(op, result, flags);
  }

  // ---- waking

  @Override
  public void wakeup() {
    event.signal();
  }

  private void watchForWakeup() {
    submit(wakeupRead.read(event.handle(), wakeupRead.scratch(), Long.BYTES, 0));
    inFlight--;
    housekeeping++;
  }

  private void wokenUp(Op op) {
    stats.wakeups++;
    if (!closing) {
      watchForWakeup();
    }
  }

  // ---- closing

  @Override
  public void close() {
    if (closing) {
      return;
    }
    closing = true;
    cancelAll();
    while (inFlight + housekeeping > 0) {
      poll(FOREVER);
    }
    try {
      closeHandles();
    } finally {
      try {
        closeReceiveBuffers();
      } finally {
        release();
      }
    }
  }

  private void release() {
    try {
      ring.close();
    } finally {
      try {
        table.close();
      } finally {
        event.close();
      }
    }
  }

  /** Cancels every operation; the kernel uses their memory until they complete. */
  private void cancelAll() {
    for (int slot = 0; slot < table.slots(); slot++) {
      Op op = table.busyAt(slot);
      if (op != null) {
        cancel(op);
      }
    }
  }
}

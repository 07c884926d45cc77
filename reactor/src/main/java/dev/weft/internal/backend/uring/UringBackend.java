// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import dev.weft.bindings.io_uring_cqe;
import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import dev.weft.error.ReactorUnavailableException;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.BackendStats;
import dev.weft.internal.backend.BufferGroup;
import dev.weft.internal.backend.Call;
import dev.weft.internal.backend.CancelRequests;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.DeferredOps;
import dev.weft.internal.backend.DirectDescriptor;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.OpTable;
import dev.weft.internal.os.Libc;
import dev.weft.internal.os.RingOptions;
import dev.weft.internal.uring.CompletionQueue;
import dev.weft.internal.uring.KernelFeatures;
import dev.weft.internal.uring.Ring;
import dev.weft.internal.uring.SubmissionQueue;
import dev.weft.internal.uring.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.EnumSet;
import org.jspecify.annotations.Nullable;

/** The backend on io_uring. */
public final class UringBackend extends Backend {
  /**
   * Completions can come in bursts, and multishot operations produce several each; more than this
   * overflow to the kernel's backlog.
   */
  private static final int COMPLETIONS_PER_ENTRY = 4;

  private static final int COMPLETION_ENTRIES_MAX = 65536;

  /** The user data of entries without an operation. */
  private static final long NO_OPERATION = -1L;

  /** Whether {@link #rehearse} has been done. Threads can race and do it twice. */
  private static volatile boolean rehearsed;

  private final Ring ring;
  private final SubmissionQueue submissions;
  private final CompletionQueue completions;
  private final BackendStats stats = stats();
  private final RingEntry entry;

  /** Written by {@link #wakeup} on other threads; one read of it is always in flight. */
  private final EventDescriptor event = new EventDescriptor();

  private final Op wakeupRead;
  private final MemorySegment wakeupCount = Arena.ofAuto().allocate(Long.BYTES, Long.BYTES);

  /** Operations that wait for room in the submission queue, in order. */
  private final DeferredOps deferred = new DeferredOps();

  /** Operations whose cancel requests wait for room. */
  private final CancelRequests cancels = new CancelRequests();

  /** The number of the callers' operations that have not completed, including deferred ones. */
  private int inFlight;

  /** The number of internal entries that have not completed: cancels and the wake-up read. */
  private int housekeeping;

  private final SqeEncoder encoder = new SqeEncoder();
  private final MemorySegment callScratch =
      Arena.ofAuto().allocate(SqeEncoder.SCRATCH_BYTES, Long.BYTES);

  private final int threadId = Libc.threadId();

  private final DirectSlots slots;
  private final RingBufferGroups groups;
  private final Workers workers;

  /** What the ring has no opcode for. */
  private final WorkerOps workerOps =
      new WorkerOps(
          event::signal, "weft files of " + Thread.currentThread().getName(), this::ended);

  private boolean closing;

  /**
   * Opens a ring on the calling thread.
   *
   * @throws ReactorUnavailableException if this system does not allow it
   */
  public static UringBackend open(RingOptions options) throws ReactorUnavailableException {
    rehearse();
    int completions = options.entries() * COMPLETIONS_PER_ENTRY;
    return on(Ring.open(options, Math.min(completions, COMPLETION_ENTRIES_MAX)));
  }

  /** As {@link #open(RingOptions)}, with queues of those sizes. */
  public static UringBackend open(int submissionEntries, int completionEntries)
      throws ReactorUnavailableException {
    rehearse();
    return on(Ring.open(RingOptions.of(submissionEntries), completionEntries));
  }

  /** Makes a backend of {@code ring}, which is closed if there is no memory for one. */
  private static UringBackend on(Ring ring) throws ReactorUnavailableException {
    try {
      return new UringBackend(ring);
    } catch (ReactorUnavailableException | RuntimeException | Error e) {
      ring.close();
      throw e;
    }
  }

  private UringBackend(Ring ring) throws ReactorUnavailableException {
    super("io_uring", EnumSet.allOf(Capability.class)); // the oldest kernel supported can do most
    if (!ring.features().installsDirect()) {
      disable(Capability.DIRECT_DESCRIPTORS);
    }
    this.ring = ring;
    submissions = ring.submissions();
    completions = ring.completions();
    entry = new RingEntry(ring, stats);
    slots = new DirectSlots(ring, stats, threadId);
    groups = new RingBufferGroups(ring);
    workers = ring.workers();
    boolean made = false;
    try {
      wakeupRead = table.create(this::wokenUp);
      event.open();
      watchForWakeup();
      made = true;
    } finally {
      if (!made) { // refused, or because memory was short
        encoder.close();
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
    try (UringBackend backend = on(Ring.open(RingOptions.of(1), 2))) {
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

  /** The features of this kernel's io_uring. */
  public KernelFeatures features() {
    return ring.features();
  }

  @Override
  public int inFlight() {
    return inFlight;
  }

  @Override
  protected @Nullable BufferGroup newBufferGroup(int count, int bytes) {
    return groups.open(count, bytes);
  }

  @Override
  public int registerMemory(MemorySegment memory) {
    if (Libc.threadId() != threadId) { // as of pollNow
      return super.registerMemory(memory);
    }
    int failure = ring.registerBuffer(memory);
    return failure < 0 ? failure : encoder.useRegistered(memory);
  }

  @Override
  public void pinWorkers(BitSet cpus) {
    try (Arena arena = Arena.ofConfined()) {
      ring.setWorkerAffinity(Libc.affinityMask(cpus, arena));
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

  Ring ring() {
    return ring;
  }

  // ---- submitting

  @Override
  public int perform(Call call) {
    return DirectDescriptor.is(call.handle())
        ? slots.perform(call, callScratch.address())
        : Syscalls.perform(call, callScratch.address());
  }

  @Override
  protected int attemptNow(Op op) {
    int handle = op.handle();
    return DirectDescriptor.is(handle)
        ? slots.attempt(op, encoder)
        : Attempts.perform(op, handle, encoder);
  }

  /** Only the thread that has opened the ring may enter it, not the threads of fibers. */
  @Override
  public void pollNow() {
    if (Libc.threadId() == threadId) {
      poll(0);
    }
  }

  @Override
  public int closeDescriptor(int descriptor) {
    return DirectDescriptor.is(descriptor)
        ? slots.close(directTable, descriptor)
        : Libc.close(descriptor);
  }

  @Override
  protected void registerDirectTable(int size) throws ReactorUnavailableException {
    slots.open(size);
  }

  @Override
  protected void start(Op op) {
    int count = op.link == null ? 1 : op.chainLength();
    if (count > submissions.entries()) {
      throw new IllegalArgumentException(
          "a chain of " + count + " operations exceeds the queue of " + submissions.entries());
    }
    if (op.argument() != null && count == 1 && WorkerOps.isOne(op)) {
      workerOps.add(op);
      begin(op);
      stats.submissions++;
      inFlight++;
      return;
    }
    prepare(op);
    if (!deferred.isEmpty() || slots.isClosing() || !submissions.hasRoom(count)) {
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

  /** Copies addresses and paths of a chain to native memory. */
  private void prepare(Op head) {
    for (Op op = head; op != null; op = op.link) {
      if (op.argument() != null) {
        if (WorkerOps.isOne(op)) {
          throw new IllegalArgumentException("can't be in a chain: " + op);
        }
        encoder.prepare(op);
      }
    }
  }

  private void deferStart(Op op) {
    stats.deferred++;
    defer(op);
    deferred.add(op);
  }

  /** Writes a chain to consecutive entries. The end of a submission would cut it. */
  private void write(Op head) {
    for (Op op = head; op != null; op = op.link) {
      begin(op);
      encoder.encode(submissions.next(), op);
      stats.submissions++;
    }
  }

  @Override
  public void cancel(Op op) {
    if (beginCancel(op)) { // a deferred operation completes when flush() reaches it
      cancels.add(op);
    }
  }

  /**
   * Moves waiting operations and cancels into the submission queue, as far as there is room.
   *
   * @return the number of operations that were completed, because they were cancelled while waiting
   */
  private int flush() {
    int completed = 0;
    slots.flush();
    for (Op op; submissions.hasRoom(1) && (op = cancels.poll()) != null; ) {
      if (op.state != Op.State.CANCELLING) { // it can have completed and be in use again
        continue;
      }
      if (!workerOps.has(op)) {
        writeCancel(op);
      } else if (workerOps.cancel(op)) {
        completed++;
      }
    }
    for (Op op; (op = deferred.first()) != null; ) {
      boolean cancelled = isAnyCancelled(op);
      if (!cancelled && !submissions.hasRoom(op.chainLength())) {
        return completed;
      }
      deferred.remove(op);
      if (cancelled) {
        completed += completeUnsubmitted(op);
      } else {
        write(op);
      }
    }
    return completed;
  }

  private int completeUnsubmitted(Op head) {
    int count = 0;
    for (Op op = head; op != null; count++) {
      Op next = op.link; // the listener can reuse op
      finish(op, -Errno.ECANCELED.code(), false, Op.NO_BUFFER);
      op = next;
    }
    return count;
  }

  private void finish(Op op, int result, boolean more, int buffer) {
    if (op == wakeupRead) {
      housekeeping--;
      completeUnobserved(op, result);
      return;
    }
    if (!more) {
      inFlight--;
    }
    int decoded = result >= 0 && SqeEncoder.hasOutput(op) ? encoder.decode(op, result) : result;
    complete(op, decoded, more, buffer);
  }

  /** Completes an operation of {@link #workerOps}. */
  private void ended(Op op, int result) {
    inFlight--;
    stats.completions++;
    complete(op, result);
  }

  private void writeCancel(Op op) {
    if (op.isHeld()) {
      ZeroCopySends.cancel(op, submissions.next(), NO_OPERATION);
      if (ring.isPolled()) {
        ring.submitNow(); // it names a descriptor that can be closed once the operation is done
      }
    } else {
      SqeEncoder.encodeCancel(submissions.next(), OpTable.userData(op), NO_OPERATION);
    }
    stats.submissions++;
    housekeeping++;
  }

  // ---- the one system call

  @Override
  public int poll(long timeoutNanos) {
    workers.adapt();
    int delivered = flush() + workerOps.poll();
    // All deferred operations must reach the kernel before the reactor sleeps: those that fill the
    // queue may never complete by themselves.
    while (!deferred.isEmpty() || !cancels.isEmpty() || slots.isClosing()) {
      if (!entry.enter(submissions.publish(), 0)) {
        return delivered + reap(); // the kernel is short of memory: let the fibers run first
      }
      delivered += reap() + flush();
    }
    int pending = submissions.publish();
    long wait = delivered > 0 || completions.ready() > 0 ? 0 : timeoutNanos;
    if (pending > 0 || wait != 0 || submissions.needsEnter()) {
      entry.enter(pending, wait);
    }
    return delivered + reap() + workerOps.poll();
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
      if (!slots.delivered(userData, result)) {
        stats.stale++;
      }
      return;
    }
    boolean more = (flags & weft_h.IORING_CQE_F_MORE()) != 0;
    if (ZeroCopySends.is(op)) {
      if (!ZeroCopySends.holds(op, result, more, cancels)) {
        finish(op, op.isHeld() ? op.result() : result, false, Op.NO_BUFFER);
      }
      return;
    }
    int buffer =
        (flags & weft_h.IORING_CQE_F_BUFFER()) == 0
            ? Op.NO_BUFFER
            : flags >>> weft_h.IORING_CQE_BUFFER_SHIFT();
    finish(op, result, more, buffer);
  }

  // ---- waking

  @Override
  public void wakeup() {
    event.signal();
  }

  private void watchForWakeup() {
    submitUnobserved(wakeupRead.read(event.handle(), wakeupCount, 0, Long.BYTES, 0).withoutLease());
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
    pollUntilQuiet();
    try {
      closeHandles();
      pollUntilQuiet(); // direct descriptors are closed by entries
    } finally {
      try {
        groups.close();
      } finally {
        release();
      }
    }
  }

  private void pollUntilQuiet() {
    while (inFlight + housekeeping > 0 || slots.isBusy()) {
      poll(FOREVER);
    }
  }

  private void release() {
    try {
      ring.close();
    } finally {
      workerOps.close();
      try {
        encoder.close();
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

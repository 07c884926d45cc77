// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.uring;

import dev.weft.bindings.NativeLibrary;
import dev.weft.bindings.__kernel_timespec;
import dev.weft.bindings.io_uring;
import dev.weft.bindings.io_uring_getevents_arg;
import dev.weft.bindings.io_uring_params;
import dev.weft.bindings.iovec;
import dev.weft.bindings.weft_h;
import dev.weft.error.ReactorUnavailableException;
import dev.weft.internal.os.RingOptions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A mapped io_uring instance: its two queues, and the system call that drives them. Only the thread
 * that opened it may enter it (SINGLE_ISSUER).
 *
 * <p>It is not inherited: a forked child does not have the mapping, and O_CLOEXEC closes the
 * descriptor.
 */
public final class Ring implements AutoCloseable {
  private static final int NANOS_PER_SECOND = 1_000_000_000;

  /**
   * DEFER_TASKRUN (Linux 6.1) was 5–20 % faster than the other modes in measurements, and
   * completions come only when we ask for them; it determines the oldest kernel supported.
   * TASKRUN_FLAG shows without a system call whether there is something to ask for.
   */
  private static final int SETUP_FLAGS =
      weft_h.IORING_SETUP_SINGLE_ISSUER()
          | weft_h.IORING_SETUP_DEFER_TASKRUN()
          | weft_h.IORING_SETUP_COOP_TASKRUN()
          | weft_h.IORING_SETUP_TASKRUN_FLAG()
          | weft_h.IORING_SETUP_SUBMIT_ALL()
          | weft_h.IORING_SETUP_CQSIZE();

  /** The kernel's thread runs task work itself: the flags about that are refused with it. */
  private static final int POLLING_FLAGS =
      weft_h.IORING_SETUP_SQPOLL()
          | weft_h.IORING_SETUP_SINGLE_ISSUER()
          | weft_h.IORING_SETUP_SUBMIT_ALL()
          | weft_h.IORING_SETUP_CQSIZE();

  private final Arena arena = Arena.ofShared();
  private final MemorySegment ring;
  private final MemorySegment waitArgument;
  private final MemorySegment waitTimeout;
  private final SubmissionQueue submissions;
  private final CompletionQueue completions;
  private final KernelFeatures features;
  private final Workers workers;
  private final boolean polled;
  private final int enterFd;
  private final int enterFlags;
  private final int waitFlags;
  private boolean open = true;

  /**
   * Sets up a ring for the calling thread.
   *
   * @param options how
   * @param completionEntries slots of the completion queue, a power of two, at least as many
   * @throws ReactorUnavailableException if the kernel refuses; names the cause and the remedy
   */
  public static Ring open(RingOptions options, int completionEntries)
      throws ReactorUnavailableException {
    NativeLibrary.load();
    return new Ring(options, completionEntries);
  }

  private Ring(RingOptions options, int completionEntries) throws ReactorUnavailableException {
    polled = options.pollsSubmissions();
    boolean opened = false;
    boolean made = false;
    MemorySegment room = MemorySegment.NULL;
    try {
      room = arena.allocate(io_uring.layout());
      ring = room;
      waitArgument = arena.allocate(io_uring_getevents_arg.layout());
      waitTimeout = arena.allocate(__kernel_timespec.layout());
      MemorySegment params = params(arena, options);
      io_uring_params.cq_entries(params, completionEntries);
      int result = weft_h.io_uring_queue_init_params(options.entries(), ring, params);
      if (result < 0) {
        throw UnavailableReason.explain(-result, options);
      }
      opened = true;
      submissions = new SubmissionQueue(ring);
      completions = new CompletionQueue(ring);
      workers = new Workers(ring, arena, options.boundedWorkers() == 0);
      int flags = io_uring_params.flags(params);
      features = KernelFeatures.probe(ring, io_uring_params.features(params), flags);
      weft_h.io_uring_ring_dontfork(ring); // best effort: the descriptor is O_CLOEXEC in any case
      // A registered descriptor saves an fget per enter, about 35 ns in a threaded process. A
      // kernel that has no room for one (RLIMIT) still works with the plain descriptor.
      boolean registered = weft_h.io_uring_register_ring_fd(ring) > 0;
      enterFd = io_uring.enter_ring_fd(ring);
      enterFlags = registered ? weft_h.IORING_ENTER_REGISTERED_RING() : 0;
      // Without it a reactor that merely waits shows up as a CPU busy with I/O.
      int noIowait = features.noIowait() ? weft_h.WEFT_ENTER_NO_IOWAIT() : 0;
      waitFlags = enterFlags | weft_h.IORING_ENTER_GETEVENTS() | noIowait;
      io_uring_getevents_arg.ts(waitArgument, waitTimeout.address());
      if (options.networkPollingMicros() > 0) {
        NetworkPolling.start(ring, options.networkPollingMicros(), arena);
      }
      if (options.limitsWorkers()) { // last, since close() gives the limits back
        workers.limit(options.boundedWorkers(), options.unboundedWorkers());
      }
      made = true;
    } finally {
      if (!made) { // refused, or because memory was short
        release(opened ? room : MemorySegment.NULL);
      }
    }
  }

  private static MemorySegment params(Arena arena, RingOptions options) {
    MemorySegment params = arena.allocate(io_uring_params.layout());
    int flags = options.pollsSubmissions() ? POLLING_FLAGS : SETUP_FLAGS;
    io_uring_params.sq_thread_idle(params, options.pollingIdleMillis()); // ignored unless it polls
    if (options.pollsSubmissions() && options.pollingCpu().isPresent()) {
      flags |= weft_h.IORING_SETUP_SQ_AFF();
      io_uring_params.sq_thread_cpu(params, options.pollingCpu().getAsInt());
    }
    io_uring_params.flags(params, flags);
    return params;
  }

  public SubmissionQueue submissions() {
    return submissions;
  }

  public CompletionQueue completions() {
    return completions;
  }

  public KernelFeatures features() {
    return features;
  }

  /** Whether the kernel's thread submits, so that entries are read after they are published. */
  public boolean isPolled() {
    return polled;
  }

  /** Whether {@link #submit} is needed: not while the kernel's thread takes what is published. */
  public boolean needsSubmit() {
    return !polled
        || submissions.pollerSleeps()
        || submissions.completionsOverflowed()
        || !submissions.hasRoom(1);
  }

  /**
   * Submits the published entries and runs the kernel's deferred task work, without waiting. If the
   * kernel's thread submits, wakes that thread, and waits for room in a full queue.
   *
   * @return the number of entries consumed, or -errno
   */
  public int submit(int count) {
    int flags = enterFlags | weft_h.IORING_ENTER_GETEVENTS() | wakeFlags();
    if (polled && !submissions.hasRoom(1)) {
      flags |= weft_h.IORING_ENTER_SQ_WAIT();
    }
    return weft_h.io_uring_enter2(enterFd, count, 0, flags, MemorySegment.NULL, 0);
  }

  private int wakeFlags() {
    return polled && submissions.pollerSleeps() ? weft_h.IORING_ENTER_SQ_WAKEUP() : 0;
  }

  /** As {@link #submit}; the kernel has started what was published when this returns. */
  public void submitNow() {
    int count = submissions.publish();
    do {
      if (needsSubmit()) {
        submit(count);
      }
      Thread.onSpinWait(); // the kernel's thread is awake
    } while (polled && submissions.pending() > 0);
  }

  /**
   * Submits the published entries and waits for a completion.
   *
   * @param timeoutNanos the longest time to wait; {@link Long#MAX_VALUE} waits indefinitely
   * @return the number of entries consumed, or -errno; a time-out is -ETIME only if none was
   *     consumed
   */
  public int submitAndWait(int count, long timeoutNanos) {
    int flags = waitFlags | wakeFlags();
    if (timeoutNanos == Long.MAX_VALUE) {
      return weft_h.io_uring_enter2(enterFd, count, 1, flags, MemorySegment.NULL, 0);
    }
    __kernel_timespec.tv_sec(waitTimeout, timeoutNanos / NANOS_PER_SECOND);
    __kernel_timespec.tv_nsec(waitTimeout, timeoutNanos % NANOS_PER_SECOND);
    return weft_h.io_uring_enter2(
        enterFd,
        count,
        1,
        flags | weft_h.IORING_ENTER_EXT_ARG(),
        waitArgument,
        io_uring_getevents_arg.sizeof());
  }

  /**
   * Sets the CPUs of the kernel's worker threads. By default these are all of the cpuset, including
   * those that taskset(1) excluded. Since Linux 6.2 a worker is also restricted to the CPUs of the
   * submitting thread (its user_cpus_ptr): those of a pinned reactor can't leave its CPU.
   *
   * @param mask a {@code cpu_set_t}
   * @return 0 or -errno
   */
  public int setWorkerAffinity(MemorySegment mask) {
    return weft_h.io_uring_register_iowq_aff(ring, mask.byteSize(), mask);
  }

  /**
   * Registers a table of files, all empty: the slots of direct descriptors.
   *
   * @return 0 or -errno: -EMFILE for more than RLIMIT_NOFILE or 1048576
   */
  public int registerFiles(int count) {
    return weft_h.io_uring_register_files_sparse(ring, count);
  }

  /**
   * Registers memory as the one buffer of READ_FIXED and WRITE_FIXED, until the ring is closed.
   *
   * @return 0 or -errno: -ENOMEM for more than RLIMIT_MEMLOCK
   */
  public int registerBuffer(MemorySegment memory) {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment vector = scratch.allocate(iovec.layout());
      iovec.iov_base(vector, memory);
      iovec.iov_len(vector, memory.byteSize());
      int registers = weft_h.IORING_REGISTER_BUFFERS();
      return weft_h.io_uring_register(io_uring.ring_fd(ring), registers, vector, 1);
    }
  }

  /** The kernel's worker threads behind this ring. */
  public Workers workers() {
    return workers;
  }

  /**
   * Opens room for {@code count} buffers, a power of two; null if the kernel can't do it.
   *
   * @param group the number of the buffer group, which must not be open
   */
  public @Nullable ReceiveBuffers openReceiveBuffers(int group, int count) {
    return ReceiveBuffers.open(ring, group, count);
  }

  /** Unmaps the ring. Nothing may be in flight. */
  @Override
  public void close() {
    if (open) {
      open = false;
      workers.restore();
      release(ring);
    }
  }

  /** Gives back the kernel's ring, unless it is NULL, and the memory. */
  private void release(MemorySegment opened) {
    try {
      if (opened != MemorySegment.NULL) {
        weft_h.io_uring_queue_exit(opened);
      }
    } finally {
      arena.close();
    }
  }
}

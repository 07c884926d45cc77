// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import dev.weft.internal.failure.UncaughtFailures;
import dev.weft.internal.mem.MemoryLease;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A reusable I/O operation: the request, as flat fields that mirror an SQE, and its result. A fiber
 * owns one for its blocking calls, a listener one for its multishot accept; nothing is allocated
 * per use.
 *
 * <p>
 *
 * {@snippet :
 *   FREE -> READY -> IN_FLIGHT ----------------> DONE -> FREE (next use)
 *             |          \-> CANCELLING ----------^          the CQE still comes
 *             \------------------------------------^         cancelled before it was submitted
 * }
 *
 * READY: the backend has it, but had no room to submit it yet. A multishot operation stays
 * IN_FLIGHT until its last result.
 */
public final class Op {
  /**
   * Called with each result: once, or once per shot. Must not suspend; may submit other operations.
   * {@link UncaughtFailures} gets what it throws.
   */
  public interface Listener {
    void completed(Op op);
  }

  /** The state of an operation. */
  public enum State {
    FREE,
    READY,
    IN_FLIGHT,
    CANCELLING,
    DONE
  }

  // Control operations: they never wait, so a backend completes them inside submit. Their numbers
  // are above the kernel's opcodes, which fit a byte.
  public static final int SOCKET = 0x100;
  public static final int BIND = 0x101;
  public static final int LISTEN = 0x102;
  public static final int GETSOCKNAME = 0x103;
  public static final int GETPEERNAME = 0x104;
  public static final int SET_OPTION = 0x105;
  public static final int GET_OPTION = 0x106;
  public static final int PIPE = 0x107;
  public static final int FCNTL = 0x108;
  public static final int FILE_TYPE = 0x109;
  public static final int CLOSE_SYNC = 0x10A;
  public static final int SHUTDOWN_SYNC = 0x10B;

  /** The offset of a READ or WRITE at the descriptor's own position. */
  public static final long CURRENT_POSITION = -1;

  private static final int NO_BUFFER = -1;

  // The kernel's internal codes for "interrupted, repeat the call": ERESTARTSYS, ERESTARTNOINTR,
  // ERESTARTNOHAND and ERESTART_RESTARTBLOCK (include/linux/errno.h, which user space never sees).
  private static final int RESTART_FIRST = -512;
  private static final int RESTART_LAST = -516;

  // ---- the request
  public int opcode;
  public int sqeFlags;
  public int ioPriority;

  /** The descriptor: that of {@link #target}, or one without a handle. */
  public int handle;

  /** The handle that the operation uses; null if it uses none, or a plain descriptor. */
  @Nullable Handle target;

  /** The handle that a splice reads from. */
  @Nullable Handle spliceSource;

  /** The caller's memory, kept reachable until the last completion; null if it is our own. */
  @Nullable MemorySegment memory;

  public long offset;
  public long address;
  public int length;
  public int opFlags;
  public int spliceHandle;
  @Nullable public Op link;

  // ---- the outcome
  int result;
  int resultFlags;
  public State state = State.FREE;

  // ---- the backend's bookkeeping
  public final int slot;
  final long scratch;
  int generation;
  public boolean cancelRequested;

  /** Whether there is a {@link MemoryLease} of {@link #memory}. */
  private boolean leased;

  // Whether the operation is counted in these handles' uses.
  private boolean usesTarget;
  private boolean usesSource;

  @Nullable public Op nextDeferred;

  /** Whether a cancel request waits for room; {@link #nextCancel} is the next such operation. */
  public boolean cancelQueued;

  @Nullable public Op nextCancel;

  private final Listener listener;

  Op(int slot, long scratch, Listener listener) {
    this.slot = slot;
    this.scratch = scratch;
    this.listener = listener;
  }

  /** The size of {@link #scratch} in bytes. */
  public static final int SCRATCH_BYTES = 256;

  /**
   * The address of {@value #SCRATCH_BYTES} bytes that live as long as this operation, for data that
   * the kernel reads or writes meanwhile: socket addresses, stat results.
   */
  public long scratch() {
    return scratch;
  }

  public int opcode() {
    return opcode;
  }

  public State state() {
    return state;
  }

  public boolean isDone() {
    return state == State.DONE;
  }

  /** Whether the backend owns the operation, so that its memory and fields must not be touched. */
  public boolean isBusy() {
    return state != State.DONE && state != State.FREE;
  }

  // ---- the request, for the backend

  /** The number of this use of the slot. */
  public int generation() {
    return generation;
  }

  /** Whether the operation was cancelled while it waited for room. */
  public boolean isCancelRequested() {
    return cancelRequested;
  }

  public int ioPriority() {
    return ioPriority;
  }

  /** The descriptor's number, -1 if there is none. */
  public int handle() {
    return handle;
  }

  /** The handle that the operation uses, or null. */
  public @Nullable Handle target() {
    return target;
  }

  /** The caller's memory that the operation uses, or null. */
  public @Nullable MemorySegment memory() {
    return memory;
  }

  public long offset() {
    return offset;
  }

  public long address() {
    return address;
  }

  public int length() {
    return length;
  }

  public int opFlags() {
    return opFlags;
  }

  /** The descriptor that a splice reads from. */
  public int spliceHandle() {
    return spliceHandle;
  }

  /** The operation that starts when this one has succeeded, or null. */
  public @Nullable Op link() {
    return link;
  }

  /** At least 0, or -errno. */
  public int result() {
    return result;
  }

  /** Whether a multishot operation continues after this result. */
  public boolean hasMore() {
    return (resultFlags & weft_h.IORING_CQE_F_MORE()) != 0;
  }

  /** The number of the buffer that the result, even a failure, returns; -1 if none. */
  public int buffer() {
    return (resultFlags & weft_h.IORING_CQE_F_BUFFER()) == 0
        ? NO_BUFFER
        : resultFlags >>> weft_h.IORING_CQE_BUFFER_SHIFT();
  }

  /**
   * Links {@code next}: it starts when this operation has succeeded; if this one fails, {@code
   * next} ends with -ECANCELED. Submitting the first of a chain submits all of it.
   */
  public Op then(Op next) {
    link = next;
    return next;
  }

  /** The number of operations from this one to the end of its chain. */
  public int chainLength() {
    int length = 1;
    for (Op op = link; op != null; op = op.link) {
      length++;
    }
    return length;
  }

  public void complete(int result, int flags) {
    this.result = withoutRestart(result);
    resultFlags = flags;
    if (!hasMore()) {
      state = State.DONE;
      releaseMemory();
    }
    try {
      listener.completed(this);
    } catch (Throwable e) { // from one listener; other completions must not be lost
      UncaughtFailures.report(e);
    }
  }

  /**
   * Replaces the kernel's internal codes for an interrupted call by EINTR. The return to user space
   * would turn them into EINTR or a restart, but a kernel worker does not return there: if it is
   * stopped, continued or cancelled, the completion has the internal code.
   */
  private static int withoutRestart(int result) {
    return result <= RESTART_FIRST && result >= RESTART_LAST ? -Errno.EINTR.code() : result;
  }

  // ---- the descriptors and memory in use while a backend owns the operation

  /**
   * Acquires the descriptors and memory, from submit to the last completion. If it throws, {@link
   * #releaseMemory} undoes what has been done.
   *
   * @param reactor the reactor's thread
   */
  void leaseMemory(Thread reactor) {
    if (memory != null) {
      leased = MemoryLease.acquire(memory, reactor);
    }
    Handle handled = target;
    if (handled != null) {
      handled.use(this);
      usesTarget = true;
      handle = handled.number(); // NONE if the handle has been closed since the request
    }
    Handle source = spliceSource;
    if (source != null) {
      source.use(this);
      usesSource = true;
      spliceHandle = source.number();
    }
  }

  /** Undoes {@link #leaseMemory}. For the last operation of a closing handle, the close goes on. */
  void releaseMemory() {
    MemorySegment held = memory;
    if (held != null) {
      if (leased) {
        MemoryLease.release(held);
        leased = false;
      }
      memory = null; // an idle operation must not keep it reachable
    }
    if (usesTarget) {
      usesTarget = false;
      Objects.requireNonNull(target).unuse(this);
    }
    if (usesSource) {
      usesSource = false;
      Objects.requireNonNull(spliceSource).unuse(this);
    }
  }

  /** Whether the operation uses {@code handle}. */
  boolean uses(Handle handle) {
    return target == handle || spliceSource == handle;
  }

  // ---- requests: each sets every field, since an operation is reused

  public Op nop() {
    return request(weft_h.IORING_OP_NOP(), null, 0, 0, 0, 0);
  }

  /** Reads at most {@code length} bytes into {@code memory} from index {@code from} on. */
  public Op read(Handle handle, MemorySegment memory, long from, int length, long offset) {
    return read(handle, memory.address() + from, length, offset).withMemory(memory);
  }

  public Op read(Handle handle, long address, int length, long offset) {
    return request(weft_h.IORING_OP_READ(), handle, address, length, offset, 0);
  }

  /** Writes {@code length} bytes of {@code memory} from index {@code from} on. */
  public Op write(Handle handle, MemorySegment memory, long from, int length, long offset) {
    return write(handle, memory.address() + from, length, offset).withMemory(memory);
  }

  public Op write(Handle handle, long address, int length, long offset) {
    return request(weft_h.IORING_OP_WRITE(), handle, address, length, offset, 0);
  }

  /** Receives at most {@code length} bytes into {@code memory} from index {@code from} on. */
  public Op receive(Handle handle, MemorySegment memory, long from, int length) {
    return receive(handle, memory.address() + from, length).withMemory(memory);
  }

  public Op receive(Handle handle, long address, int length) {
    return request(weft_h.IORING_OP_RECV(), handle, address, length, 0, 0);
  }

  /**
   * As receive, into a buffer that the backend chooses when data is there ({@link
   * Backend#offerReceiveBuffer}); -ENOBUFS if none is on offer then.
   */
  public Op receiveAny(Handle handle) {
    request(weft_h.IORING_OP_RECV(), handle, 0, 0, 0, 0);
    sqeFlags = weft_h.IOSQE_BUFFER_SELECT();
    return this;
  }

  public Op send(Handle handle, MemorySegment memory, long from, int length) {
    return send(handle, memory.address() + from, length).withMemory(memory);
  }

  /** Sends all bytes unless the connection breaks: the kernel retries short sends itself. */
  public Op send(Handle handle, long address, int length) {
    int flags = weft_h.MSG_NOSIGNAL() | weft_h.MSG_WAITALL();
    return request(weft_h.IORING_OP_SEND(), handle, address, length, 0, flags);
  }

  /** Accepts connections: one result for each, the new descriptor. */
  public Op acceptMultishot(Handle handle) {
    request(weft_h.IORING_OP_ACCEPT(), handle, 0, 0, 0, weft_h.SOCK_CLOEXEC());
    ioPriority = weft_h.IORING_ACCEPT_MULTISHOT();
    return this;
  }

  /** Connects to the sockaddr of {@code length} bytes at {@code address}. */
  public Op connect(Handle handle, long address, int length) {
    return request(weft_h.IORING_OP_CONNECT(), handle, address, 0, length, 0);
  }

  public Op shutdown(Handle handle, int how) {
    return request(weft_h.IORING_OP_SHUTDOWN(), handle, 0, how, 0, 0);
  }

  /** Closes a descriptor whose handle is closed already: see {@link Backend#endClose}. */
  public Op close(int descriptor) {
    request(weft_h.IORING_OP_CLOSE(), null, 0, 0, 0, 0);
    handle = descriptor;
    return this;
  }

  /**
   * Opens {@code path}, a NUL-terminated name, relative to the working directory.
   *
   * <p>A kernel worker opens it from the start, because the first attempt that the ring makes
   * otherwise has O_NONBLOCK (fifo(7)): a named pipe without a writer would open for reading and be
   * at its end, and one without a reader could not be opened for writing.
   */
  public Op open(MemorySegment path, int flags, int mode) {
    int cloexec = weft_h.O_CLOEXEC();
    request(weft_h.IORING_OP_OPENAT(), null, path.address(), mode, 0, flags | cloexec);
    handle = weft_h.AT_FDCWD();
    sqeFlags = weft_h.IOSQE_ASYNC();
    return withMemory(path);
  }

  /** Fills a {@code struct statx}; {@code path} is the address of a NUL-terminated name. */
  public Op status(Handle handle, long path, int flags, int mask, long target) {
    return request(weft_h.IORING_OP_STATX(), handle, path, mask, target, flags);
  }

  /** Fills a {@code struct statx}; {@code path} is relative to the working directory. */
  public Op status(MemorySegment path, int flags, int mask, long target) {
    request(weft_h.IORING_OP_STATX(), null, path.address(), mask, target, flags);
    handle = weft_h.AT_FDCWD();
    return withMemory(path);
  }

  public Op sync(Handle handle, boolean dataOnly) {
    int flags = dataOnly ? weft_h.IORING_FSYNC_DATASYNC() : 0;
    return request(weft_h.IORING_OP_FSYNC(), handle, 0, 0, 0, flags);
  }

  /** Waits until one of the poll(2) {@code events} is set; the result is the set of those. */
  public Op poll(Handle handle, int events) {
    return request(weft_h.IORING_OP_POLL_ADD(), handle, 0, 0, 0, events);
  }

  /** Moves bytes from one descriptor's position to the other's; one of them is a pipe. */
  public Op splice(Handle from, Handle to, int length) {
    request(weft_h.IORING_OP_SPLICE(), to, CURRENT_POSITION, length, CURRENT_POSITION, 0);
    spliceHandle = from.number();
    spliceSource = from;
    return this;
  }

  /** A control operation, which completes inside {@code submit}: {@link #SOCKET} and later. */
  public Op control(int opcode, int descriptor, int first, int second, long address, int length) {
    request(opcode, null, address, length, first, second);
    handle = descriptor;
    return this;
  }

  private Op request(
      int opcode, @Nullable Handle target, long address, int length, long offset, int opFlags) {
    assert !isBusy() : this;
    this.opcode = opcode;
    if (this.target != target) {
      this.target = target; // storing a reference costs more than comparing it
    }
    handle = target == null ? Handle.NONE : target.number();
    this.address = address;
    this.length = length;
    this.offset = offset;
    this.opFlags = opFlags;
    sqeFlags = 0;
    ioPriority = 0;
    spliceHandle = 0;
    if (spliceSource != null) {
      spliceSource = null;
    }
    if (memory != null) {
      memory = null;
    }
    if (link != null) {
      link = null;
    }
    return this;
  }

  /** Sets the caller's memory that {@link #address} is in, or null if it is in none. */
  public void use(@Nullable MemorySegment memory) {
    this.memory = memory;
  }

  private Op withMemory(MemorySegment memory) {
    this.memory = memory;
    return this;
  }

  @Override
  public String toString() {
    return "op "
        + slot
        + "."
        + generation
        + " opcode "
        + opcode
        + " handle "
        + handle
        + " "
        + state;
  }
}

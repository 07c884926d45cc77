// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import org.jspecify.annotations.Nullable;

/**
 * One reusable operation: what to do, as flat fields that mirror an SQE, and what came of it. A
 * fiber owns one for its blocking calls, a listener one for its multishot accept; nothing is
 * allocated per use.
 *
 * <p>
 *
 * {@snippet :
 *   FREE -> READY -> IN_FLIGHT ----------------> DONE -> FREE (next use)
 *             |          \-> CANCELLING ----------^          the CQE still comes
 *             \------------------------------------^         cancelled before it was submitted
 * }
 *
 * READY: taken by the backend, which had no room to pass it on yet. A multishot operation stays
 * IN_FLIGHT through all its results but the last.
 */
public final class Op {
  /** Told of each result: once, or once a shot. Must not suspend; may submit other operations. */
  public interface Listener {
    void completed(Op op);
  }

  /** Where an operation stands. */
  public enum State {
    FREE,
    READY,
    IN_FLIGHT,
    CANCELLING,
    DONE
  }

  // Operations that need no waiting, so that a backend completes them inside submit. Beyond the
  // kernel's opcodes, which fit a byte.
  public static final int SOCKET = 0x100;
  public static final int BIND = 0x101;
  public static final int LISTEN = 0x102;
  public static final int LOCAL_NAME = 0x103;
  public static final int PEER_NAME = 0x104;
  public static final int SET_OPTION = 0x105;
  public static final int GET_OPTION = 0x106;
  public static final int PIPE = 0x107;
  public static final int FCNTL = 0x108;
  public static final int FILE_TYPE = 0x109;
  public static final int DISCARD = 0x10A;
  public static final int SHUT = 0x10B;

  /** Where a READ or WRITE takes place when the descriptor's own position is meant. */
  public static final long CURRENT_POSITION = -1;

  private static final int NO_BUFFER = -1;

  // The kernel's own codes for "a signal came, make the call again": ERESTARTSYS, ERESTARTNOINTR,
  // ERESTARTNOHAND and ERESTART_RESTARTBLOCK (include/linux/errno.h, which user space never sees).
  private static final int RESTART_FIRST = -512;
  private static final int RESTART_LAST = -516;

  // ---- the request
  int opcode;
  int sqeFlags;
  int ioPriority;
  int handle;
  long offset;
  long address;
  int length;
  int opFlags;
  int spliceHandle;
  @Nullable Op link;

  // ---- the outcome
  int result;
  int resultFlags;
  State state = State.FREE;

  // ---- the backend's bookkeeping
  final int slot;
  final long scratch;
  int generation;
  boolean cancelRequested;
  @Nullable Op nextDeferred;

  private final Listener listener;

  Op(int slot, long scratch, Listener listener) {
    this.slot = slot;
    this.scratch = scratch;
    this.listener = listener;
  }

  /** Bytes of {@link #scratch}. */
  public static final int SCRATCH_BYTES = 256;

  /**
   * The address of {@value #SCRATCH_BYTES} bytes that live as long as this operation, for what the
   * kernel reads while it works: socket addresses, stat results.
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

  /** Whether the backend holds it, so that its memory and fields are not ours to touch. */
  public boolean isBusy() {
    return state != State.DONE && state != State.FREE;
  }

  // ---- the request, for the backend

  /** Which use of its slot this is. */
  public int generation() {
    return generation;
  }

  /** Whether it was cancelled while it waited for room. */
  public boolean isCancelRequested() {
    return cancelRequested;
  }

  public int ioPriority() {
    return ioPriority;
  }

  public int handle() {
    return handle;
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

  /** What starts when this one has ended well, or null. */
  public @Nullable Op link() {
    return link;
  }

  /** At least 0, or -errno. */
  public int result() {
    return result;
  }

  /** Whether a multishot operation goes on after this result. */
  public boolean hasMore() {
    return (resultFlags & weft_h.IORING_CQE_F_MORE()) != 0;
  }

  /** The number of the buffer that the result, whatever it is, has given back; -1 if none. */
  public int buffer() {
    return (resultFlags & weft_h.IORING_CQE_F_BUFFER()) == 0
        ? NO_BUFFER
        : resultFlags >>> weft_h.IORING_CQE_BUFFER_SHIFT();
  }

  /**
   * Has {@code next} start when this one has ended well; if it fails, {@code next} ends with
   * -ECANCELED. Submitting the first of a chain submits all of it.
   */
  public Op then(Op next) {
    link = next;
    return next;
  }

  /** How many there are from this one to the end of its chain. */
  public int chainLength() {
    int length = 1;
    for (Op op = link; op != null; op = op.link) {
      length++;
    }
    return length;
  }

  void complete(int result, int flags) {
    this.result = withoutRestart(result);
    resultFlags = flags;
    if (!hasMore()) {
      state = State.DONE;
    }
    listener.completed(this);
  }

  /**
   * EINTR in place of the kernel's own codes for an interrupted call. The return to user space
   * would have turned them into EINTR or a restart, but a kernel worker does not return there: what
   * stops, continues or cancels it puts them into a completion as they are.
   */
  private static int withoutRestart(int result) {
    return result <= RESTART_FIRST && result >= RESTART_LAST ? -Errno.EINTR.code() : result;
  }

  // ---- requests: each sets every field, since an operation is used again and again

  public Op nop() {
    return request(weft_h.IORING_OP_NOP(), -1, 0, 0, 0, 0);
  }

  public Op read(int handle, long address, int length, long offset) {
    return request(weft_h.IORING_OP_READ(), handle, address, length, offset, 0);
  }

  public Op write(int handle, long address, int length, long offset) {
    return request(weft_h.IORING_OP_WRITE(), handle, address, length, offset, 0);
  }

  public Op receive(int handle, long address, int length) {
    return request(weft_h.IORING_OP_RECV(), handle, address, length, 0, 0);
  }

  /**
   * As receive, into a buffer that the backend chooses when there is something ({@link
   * Backend#offerReceiveBuffer}); -ENOBUFS if none is on offer then.
   */
  public Op receiveAny(int handle) {
    request(weft_h.IORING_OP_RECV(), handle, 0, 0, 0, 0);
    sqeFlags = weft_h.IOSQE_BUFFER_SELECT();
    return this;
  }

  /** Sends all of it unless the connection breaks: the kernel retries short sends itself. */
  public Op send(int handle, long address, int length) {
    int flags = weft_h.MSG_NOSIGNAL() | weft_h.MSG_WAITALL();
    return request(weft_h.IORING_OP_SEND(), handle, address, length, 0, flags);
  }

  /** One result per connection: the new descriptor. */
  public Op acceptMultishot(int handle) {
    request(weft_h.IORING_OP_ACCEPT(), handle, 0, 0, 0, weft_h.SOCK_CLOEXEC());
    ioPriority = weft_h.IORING_ACCEPT_MULTISHOT();
    return this;
  }

  /** {@code address} holds a sockaddr of {@code length} bytes. */
  public Op connect(int handle, long address, int length) {
    return request(weft_h.IORING_OP_CONNECT(), handle, address, 0, length, 0);
  }

  public Op shutdown(int handle, int how) {
    return request(weft_h.IORING_OP_SHUTDOWN(), handle, 0, how, 0, 0);
  }

  public Op close(int handle) {
    return request(weft_h.IORING_OP_CLOSE(), handle, 0, 0, 0, 0);
  }

  /**
   * {@code path} is the address of a NUL-terminated name, relative to the working directory.
   *
   * <p>A worker of the kernel opens it from the start. The first attempt that the ring would make
   * by itself is one with O_NONBLOCK: a named pipe would be open to read although nobody writes,
   * and end at once, and could not be opened to write before somebody reads (fifo(7)).
   */
  public Op open(long path, int flags, int mode) {
    int atCwd = weft_h.AT_FDCWD();
    request(weft_h.IORING_OP_OPENAT(), atCwd, path, mode, 0, flags | weft_h.O_CLOEXEC());
    sqeFlags = weft_h.IOSQE_ASYNC();
    return this;
  }

  /** {@code path} as in {@link #open}; fills a {@code struct statx} at {@code target}. */
  public Op status(int handle, long path, int flags, int mask, long target) {
    return request(weft_h.IORING_OP_STATX(), handle, path, mask, target, flags);
  }

  public Op sync(int handle, boolean dataOnly) {
    int flags = dataOnly ? weft_h.IORING_FSYNC_DATASYNC() : 0;
    return request(weft_h.IORING_OP_FSYNC(), handle, 0, 0, 0, flags);
  }

  /** Waits until one of the poll(2) {@code events} holds; the result is those that do. */
  public Op poll(int handle, int events) {
    return request(weft_h.IORING_OP_POLL_ADD(), handle, 0, 0, 0, events);
  }

  /** Moves bytes from one descriptor's position to another's; one of them is a pipe. */
  public Op splice(int from, int to, int length) {
    request(weft_h.IORING_OP_SPLICE(), to, CURRENT_POSITION, length, CURRENT_POSITION, 0);
    spliceHandle = from;
    return this;
  }

  /** A request that completes inside {@code submit}: one of the opcodes from {@link #SOCKET} on. */
  public Op control(int opcode, int handle, int first, int second, long address, int length) {
    return request(opcode, handle, address, length, first, second);
  }

  private Op request(int opcode, int handle, long address, int length, long offset, int opFlags) {
    assert !isBusy() : this;
    this.opcode = opcode;
    this.handle = handle;
    this.address = address;
    this.length = length;
    this.offset = offset;
    this.opFlags = opFlags;
    sqeFlags = 0;
    ioPriority = 0;
    spliceHandle = 0;
    link = null;
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

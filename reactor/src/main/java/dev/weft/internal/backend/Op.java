// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import dev.weft.internal.failure.UncaughtFailures;
import dev.weft.internal.mem.MemoryLease;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A reusable I/O operation: the request, as flat fields that a backend reads, and its result. A
 * fiber owns one for its blocking calls, a listener one for its multishot accept; nothing is
 * allocated per use.
 *
 * <p>
 *
 * {@snippet :
 *   FREE -> READY -> IN_FLIGHT ----------------> DONE -> FREE (next use)
 *             |          \-> CANCELLING ----------^          its result still comes
 *             \------------------------------------^         cancelled before it was submitted
 * }
 *
 * READY: the backend has it, but had no room to submit it yet. A multishot operation stays
 * IN_FLIGHT until its last result.
 */
public final class Op extends FileRequest {
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

  /** The number of no buffer. */
  public static final int NO_BUFFER = -1;

  private static final int SEND_MESSAGE = Opcode.SEND_MESSAGE.code();

  /** The operation that starts when this one has succeeded. */
  @Nullable public Op link;

  // ---- the outcome
  int result;
  private boolean more;
  private int buffer = NO_BUFFER;
  public State state = State.FREE;

  // ---- the backend's bookkeeping
  public final int slot;
  int generation;
  boolean cancelRequested;

  /** Whether {@link DirectTable} counts what it does. */
  boolean counted;

  /** Whether there is a {@link MemoryLease} of {@link #memory}. */
  private boolean leased;

  /** Whether {@link #memory} can be closed by others, so that it needs a {@link MemoryLease}. */
  private boolean leasable;

  private boolean usesTarget; // counted in the handle's uses
  private boolean usesSource;

  /** What was read and waits for {@link #fetch}. */
  private @Nullable StagedBytes staged;

  /** The next one in {@link DeferredOps}. */
  @Nullable Op nextDeferred;

  /** Whether it is in {@link CancelRequests}, where {@link #nextCancel} is the next one. */
  boolean cancelQueued;

  @Nullable Op nextCancel;

  private final Listener listener;

  Op(int slot, Listener listener) {
    this.slot = slot;
    this.listener = listener;
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

  /** The number of this use of the slot. */
  public int generation() {
    return generation;
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
    return more;
  }

  /** The number of the buffer that the result, even a failure, returns; -1 if none. */
  public int buffer() {
    return buffer;
  }

  /**
   * Links {@code next}: it starts when this operation has succeeded; if this one fails, {@code
   * next} ends with -ECANCELED. Submitting the first of a chain submits all of it.
   */
  public Op then(Op next) {
    link = next;
    return next;
  }

  public int chainLength() {
    int length = 1;
    for (Op op = link; op != null; op = op.link) {
      length++;
    }
    return length;
  }

  /** Sets a result; the last one lets go of what the operation holds. */
  void settle(int result, boolean more, int buffer) {
    this.result = Retry.withoutRestart(result);
    this.more = more;
    this.buffer = buffer;
    if (!more) {
      state = State.DONE;
      releaseMemory();
    }
  }

  /** Keeps the result of an operation whose memory the backend still uses. */
  public void hold(int result) {
    this.result = result;
    isHeld = true;
  }

  /** Gives the result to the listener. */
  void deliver() {
    try {
      listener.completed(this);
    } catch (Throwable e) { // from one listener; other completions must not be lost
      UncaughtFailures.report(e);
    }
  }

  // ---- the descriptors and memory in use while a backend owns the operation

  /**
   * Acquires the descriptors and memory, from submit to the last completion. If it throws, {@link
   * #releaseMemory} undoes what has been done.
   *
   * @param reactor the reactor's thread
   */
  void leaseMemory(Thread reactor) {
    if (leasable && memory != null) {
      leased = MemoryLease.acquire(memory, reactor);
    }
    if (argument instanceof Gather gather) {
      gather.lease(reactor);
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
    if (opcode == SEND_MESSAGE) {
      message().usePassed(this);
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
    if (argument instanceof Gather gather) {
      gather.release();
    }
    if (usesTarget) {
      usesTarget = false;
      Objects.requireNonNull(target).unuse(this);
    }
    if (usesSource) {
      usesSource = false;
      Objects.requireNonNull(spliceSource).unuse(this);
    }
    if (opcode == SEND_MESSAGE) {
      message().unusePassed(this);
    }
  }

  /** Keeps what was read for memory that the reactor's thread may not access. */
  public void stage(StagedBytes bytes) {
    staged = bytes;
  }

  /** Copies what was read to the memory, if the backend could not: on the submitting thread. */
  public void fetch() {
    StagedBytes bytes = staged;
    if (bytes != null) {
      staged = null;
      bytes.deliver();
    }
  }

  /**
   * Whether the operation must fail, however, because it makes a direct descriptor and there was no
   * slot for it when it was submitted: see {@link DirectTable}.
   */
  public boolean isRefused() {
    return makesDirect() && !counted;
  }

  /** Whether the operation uses {@code handle}. */
  boolean uses(Handle handle) {
    return target == handle
        || spliceSource == handle
        || (opcode == SEND_MESSAGE && message().usesPassed(handle));
  }

  // ---- requests: each sets every field that its opcode needs, since an operation is reused

  public Op nop() {
    return request(Opcode.NOP, null);
  }

  /** Reads at most {@code length} bytes into {@code memory} from index {@code from} on. */
  public Op read(Handle handle, MemorySegment memory, long from, int length, long position) {
    return request(Opcode.READ, handle).transfer(memory, from, length, position);
  }

  /** Writes {@code length} bytes of {@code memory} from index {@code from} on. */
  public Op write(Handle handle, MemorySegment memory, long from, int length, long position) {
    return request(Opcode.WRITE, handle).transfer(memory, from, length, position);
  }

  /** As read, into several segments. */
  public Op readScattered(Handle handle, Gather target, long position) {
    return request(Opcode.READ_SCATTERED, handle).transfer(target, position);
  }

  /** As write, of bytes in several segments. */
  public Op writeGathered(Handle handle, Gather source, long position) {
    return request(Opcode.WRITE_GATHERED, handle).transfer(source, position);
  }

  /** Receives at most {@code length} bytes into {@code memory} from index {@code from} on. */
  public Op receive(Handle handle, MemorySegment memory, long from, int length) {
    return request(Opcode.RECEIVE, handle).transfer(memory, from, length, 0);
  }

  /**
   * As receive, into a buffer that the backend chooses from {@code group} when data is there;
   * -ENOBUFS if none is on offer then.
   */
  public Op receiveAny(Handle handle, BufferGroup group) {
    request(Opcode.RECEIVE_ANY, handle);
    detail = group.number();
    return this;
  }

  /**
   * As {@link #receiveAny}, again and again: one result for each buffer. It ends with 0 at the end
   * of the stream, with a failure, -ENOBUFS among them, and possibly with any other result.
   */
  public Op receiveMultishot(Handle handle, BufferGroup group) {
    request(Opcode.RECEIVE_MULTISHOT, handle);
    detail = group.number();
    return this;
  }

  /** As receive, and the bytes stay where they are. */
  public Op peek(Handle handle, MemorySegment memory, long from, int length) {
    return request(Opcode.PEEK, handle).transfer(memory, from, length, 0);
  }

  /** Sends all bytes unless the connection breaks: a backend goes on after short sends. */
  public Op send(Handle handle, MemorySegment memory, long from, int length) {
    return request(Opcode.SEND, handle).transfer(memory, from, length, 0);
  }

  /** As send, of bytes in several segments; more of them can follow. */
  public Op sendGathered(Handle handle, Gather gather, boolean more) {
    request(Opcode.SEND_GATHERED, handle);
    length = gather.length();
    detail = more ? 1 : 0;
    return with(gather);
  }

  /** As send, without a copy. The memory must not be changed until the completion. */
  public Op sendZeroCopy(Handle handle, MemorySegment memory, long from, int length) {
    return request(Opcode.SEND_ZERO_COPY, handle).transfer(memory, from, length, 0);
  }

  /** Receives the first {@code length} bytes of a message, and its sender into {@code message}. */
  public Op receiveMessage(Handle handle, MemorySegment memory, int length, Message message) {
    return request(Opcode.RECEIVE_MESSAGE, handle).transfer(memory, 0, length, 0).with(message);
  }

  /** Sends {@code length} bytes as one message, to the address of {@code message}. */
  public Op sendMessage(Handle handle, MemorySegment memory, int length, Message message) {
    return request(Opcode.SEND_MESSAGE, handle).transfer(memory, 0, length, 0).with(message);
  }

  /** Accepts one connection: the result is its descriptor. */
  public Op accept(Handle handle) {
    return request(Opcode.ACCEPT, handle);
  }

  /** Accepts connections: one result for each, the new descriptor. */
  public Op acceptMultishot(Handle handle) {
    return request(Opcode.ACCEPT_MULTISHOT, handle);
  }

  /** Accepts one connection: the result is a {@link DirectDescriptor}. */
  public Op acceptDirect(Handle handle) {
    return request(Opcode.ACCEPT_DIRECT, handle);
  }

  public Op connect(Handle handle, SocketAddress address) {
    return request(Opcode.CONNECT, handle).with(address);
  }

  public Op shutdown(Handle handle, Direction direction) {
    return request(Opcode.SHUTDOWN, handle).with(direction);
  }

  /** Closes a descriptor whose handle is closed already: see {@link Backend#endClose}. */
  public Op close(int descriptor) {
    request(Opcode.CLOSE, null);
    handle = descriptor;
    return this;
  }

  /** Makes a {@link DirectDescriptor} of what a descriptor of the process refers to. */
  public Op register(Handle handle) {
    return request(Opcode.REGISTER, handle);
  }

  /** Makes a descriptor of the process of what a {@link DirectDescriptor} refers to. */
  public Op install(Handle handle) {
    return request(Opcode.INSTALL, handle);
  }

  /** Starts a child process; the result is a descriptor of it (pidfd_open(2)). */
  public Op spawn(SpawnRequest child) {
    return request(Opcode.SPAWN, null).with(child);
  }

  /** Waits until one of the {@link PollEvents} is set; the result is the set of those. */
  public Op poll(Handle handle, int events) {
    request(Opcode.POLL, handle);
    detail = events;
    return this;
  }

  /** As poll, of a descriptor of the process that others own. */
  public Op poll(int descriptor, int events) {
    request(Opcode.POLL, null);
    handle = descriptor;
    detail = events;
    return this;
  }

  /** Moves bytes from one descriptor's position to the other's; one of them is a pipe. */
  public Op splice(Handle from, Handle to, int length) {
    return splice(from, CURRENT_POSITION, to, CURRENT_POSITION, length);
  }

  /** As splice, from and to these positions of files, whose own positions stay what they are. */
  public Op splice(Handle from, long fromPosition, Handle to, long toPosition, int length) {
    return request(Opcode.SPLICE, to).move(from, fromPosition, toPosition, length);
  }

  /** As splice, from a pipe to a pipe, and the bytes stay in the first one. */
  public Op tee(Handle from, Handle to, int length) {
    return request(Opcode.TEE, to).move(from, 0, 0, length);
  }

  /** Copies bytes between regular files, at their own positions or others. */
  public Op copyRange(Handle from, long fromPosition, Handle to, long toPosition, int length) {
    return request(Opcode.COPY_RANGE, to).move(from, fromPosition, toPosition, length).with(from);
  }

  /** Replaces the content of a regular file by that of another one, which they share on disk. */
  public Op cloneFile(Handle from, Handle to) {
    return request(Opcode.CLONE, to).move(from, 0, 0, 0).with(from);
  }

  private Op move(Handle source, long fromPosition, long toPosition, int length) {
    spliceHandle = source.number();
    spliceSource = source;
    from = fromPosition;
    position = toPosition;
    this.length = length;
    return this;
  }

  @Override
  Op request(Opcode opcode, @Nullable Handle target) {
    assert !isBusy() : this;
    this.opcode = opcode.code();
    if (this.target != target) {
      this.target = target; // storing a reference costs more than comparing it
    }
    handle = target == null ? Handle.NONE : target.number();
    from = 0;
    length = 0;
    position = 0;
    detail = 0;
    leasable = true;
    isHeld = false;
    if (argument != null) {
      argument = null;
    }
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

  private Op transfer(MemorySegment memory, long from, int length, long position) {
    this.memory = memory;
    this.from = from;
    this.length = length;
    this.position = position;
    return this;
  }

  private Op transfer(Gather segments, long position) {
    length = segments.length();
    this.position = position;
    return with(segments);
  }

  /** Promises that the memory outlives the operation, so that no lease of it is needed. */
  public Op withoutLease() {
    leasable = false;
    return this;
  }

  /** Sets the memory of the request again, which the operation has dropped when it completed. */
  public void use(@Nullable MemorySegment memory) {
    this.memory = memory;
  }

  @Override
  public String toString() {
    return "op " + slot + "." + generation + " " + opcode() + " on " + handle + ", " + state;
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.weft.error.Errno;
import dev.weft.internal.backend.DirectDescriptor;
import dev.weft.internal.backend.Gather;
import dev.weft.internal.backend.Message;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.Opcode;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** One submitted operation as the kernel sees it: its fields are copied, as the kernel does. */
public final class Request {
  /** Not a result: the request has to wait. */
  static final int BLOCKED = Integer.MIN_VALUE;

  private static final int[] NONE = {};

  /** The state of a request in the kernel. */
  enum Stage {
    /** Waits for its predecessor in a chain. */
    LINKED,
    /** Accepted; it is tried soon. */
    STARTING,
    /** Waits for a descriptor to become ready. */
    WAITING,
    /** Carried out; its completion is on the way. */
    DONE
  }

  public final Op op;

  /** Whether it fails, because the table of direct descriptors was full at its submission. */
  public boolean refused;

  public final Opcode opcode;
  public final int handle;
  final long position;

  /** Where the bytes begin in what a splice reads from. */
  final long sourcePosition;

  int length;
  final int detail;
  final int spliceHandle;

  /** The descriptors that a SEND_MESSAGE passes. */
  private final int[] passedNumbers;

  private List<OpenFileDescription> passed = List.of();

  /** The address of a SEND_MESSAGE, or null. */
  final @Nullable SocketAddress destination;

  /** The address that a SEND_MESSAGE comes from, or null. */
  final @Nullable InetAddress local;

  /** Which of the two directions of its descriptor the request uses. */
  final boolean outward;

  public @Nullable Request next;
  Stage stage = Stage.LINKED;
  @Nullable OpenFileDescription file;
  @Nullable OpenFileDescription source;

  /** The completion is not delivered before that of the predecessor in a chain. */
  long notBefore;

  /** Where the bytes of a zero-copy send end among all of the connection; 0 before they do. */
  long end;

  /** Whether the memory of a zero-copy send is free. */
  boolean isReleased;

  /** Bytes that a send has moved so far; 1 for a connect that has begun. */
  int moved;

  /**
   * Whether a cancellation came too early to take effect: it ends the request only if that has to
   * wait.
   */
  boolean cancelled;

  /** Where the program submitted the request, if it makes a descriptor. */
  @Nullable Throwable origin;

  public @Nullable BufferGuard memory;

  /** The buffer of a group that is being filled, or has been; null for none. */
  private OfferedBuffers.@Nullable Buffer selected;

  /** The file description at the time of submission, if the operation names a handle. */
  public final @Nullable OpenFileDescription named;

  /** The program's memory that the request uses, or null. */
  private final @Nullable MemorySegment segment;

  /** Where the bytes begin in it. */
  private final long from;

  public Request(Op op, @Nullable OpenFileDescription named) {
    this.op = op;
    this.named = named;
    segment = op.memory();
    from = op.from();
    sourcePosition = op.from();
    opcode = op.opcode();
    handle = op.handle();
    position = op.position();
    length = op.length();
    detail = op.detail();
    spliceHandle = op.spliceHandle();
    passedNumbers =
        is(Opcode.SEND_MESSAGE)
            ? IntStream.range(0, op.message().passedCount()).map(op.message()::passed).toArray()
            : NONE;
    local = is(Opcode.SEND_MESSAGE) ? op.message().local() : null;
    destination = is(Opcode.SEND_MESSAGE) ? op.message().address() : null;
    outward =
        switch (opcode) {
          case WRITE, WRITE_GATHERED, SEND, SEND_GATHERED, SEND_ZERO_COPY -> true;
          case SEND_MESSAGE, SPLICE, TEE, SHUTDOWN -> true;
          default -> false;
        };
    if (makesDescriptor()) {
      origin = new CallSite(op);
    }
  }

  boolean isAccept() {
    return is(Opcode.ACCEPT) || is(Opcode.ACCEPT_DIRECT) || is(Opcode.ACCEPT_MULTISHOT);
  }

  private boolean makesDescriptor() {
    return switch (opcode) {
      case OPEN, OPEN_DIRECT, REGISTER, INSTALL -> true;
      default -> isAccept();
    };
  }

  /** Whether the request makes a direct descriptor instead of one of the process. */
  boolean makesDirect() {
    return is(Opcode.ACCEPT_DIRECT) || is(Opcode.OPEN_DIRECT) || is(Opcode.REGISTER);
  }

  /** Whether the kernel takes the descriptors: some have to be direct ones, some must not be. */
  boolean knowsDescriptors() {
    return switch (opcode) {
      case INSTALL -> DirectDescriptor.is(handle);
      case REGISTER, STAT -> !DirectDescriptor.is(handle);
      default -> true;
    };
  }

  /** Whether the request can continue after a result. */
  boolean continuesAfter(int result) {
    return is(Opcode.ACCEPT_MULTISHOT) ? result >= 0 : is(Opcode.RECEIVE_MULTISHOT) && result > 0;
  }

  /** Sets the buffer that the next receive fills; null for none. */
  void select(OfferedBuffers.@Nullable Buffer buffer) {
    selected = buffer;
    length = buffer == null ? 0 : (int) buffer.bytes().byteSize();
  }

  /** The buffer that has been filled, or null; the next call returns null. */
  OfferedBuffers.@Nullable Buffer takeBuffer() {
    OfferedBuffers.Buffer taken = selected;
    selected = null;
    return taken;
  }

  /** Whether there is a second file: what a splice reads from. */
  boolean usesSource() {
    return switch (opcode) {
      case SPLICE, TEE, COPY_RANGE, CLONE -> true;
      default -> false;
    };
  }

  /** Whether it continues until all bytes have been moved. */
  boolean movesAll() {
    return is(Opcode.SEND) || is(Opcode.SEND_GATHERED) || is(Opcode.SEND_ZERO_COPY);
  }

  /** Keeps the files that a message passes; returns 0, or -errno if it can't pass them. */
  int referPassed(Kernel kernel) {
    if (passedNumbers.length > Message.DESCRIPTORS_MAX) {
      return -Errno.EINVAL.code();
    }
    List<OpenFileDescription> found = new ArrayList<>();
    for (int number : passedNumbers) {
      OpenFileDescription file = DirectDescriptor.is(number) ? null : kernel.description(number);
      if (file == null) {
        return -Errno.EBADF.code();
      }
      found.add(file);
    }
    found.forEach(OpenFileDescription::refer);
    passed = found;
    return 0;
  }

  /** The files that a message passes, with references to them; the next call returns none. */
  List<OpenFileDescription> takePassed() {
    List<OpenFileDescription> taken = passed;
    passed = List.of();
    return taken;
  }

  /** Whether the kernel writes to the memory. */
  boolean fillsMemory() {
    return switch (opcode) {
      case READ, RECEIVE, PEEK, RECEIVE_MESSAGE -> true;
      default -> false;
    };
  }

  /** Whether the kernel reads the memory. */
  boolean readsMemory() {
    return switch (opcode) {
      case WRITE, SEND, SEND_ZERO_COPY, SEND_MESSAGE -> true;
      default -> false;
    };
  }

  /** The bytes of a transfer. */
  MemorySegment bytes() {
    if (selected != null) {
      return selected.bytes();
    }
    assert segment != null : op;
    return ProgramMemory.of(segment, from, length);
  }

  /** Whether address and length of the memory, or of each segment, are multiples. */
  boolean isAligned(int unit) {
    if (!is(Opcode.READ_SCATTERED) && !is(Opcode.WRITE_GATHERED)) {
      return length % unit == 0 && bytes().address() % unit == 0;
    }
    Gather gather = op.gather();
    for (int i = 0; i < gather.count(); i++) {
      long address = gather.segment(i).address() + gather.from(i);
      if (address % unit != 0 || gather.length(i) % unit != 0) {
        return false;
      }
    }
    return true;
  }

  /** Returns {@code count} of the bytes to be written, from the one at {@code at} on. */
  byte[] load(int at, int count) {
    if (is(Opcode.SEND_GATHERED) || is(Opcode.WRITE_GATHERED)) {
      return gather(at, count);
    }
    return bytes().asSlice(at, count).toArray(JAVA_BYTE);
  }

  private byte[] gather(int at, int count) {
    Gather gather = op.gather();
    byte[] target = new byte[count];
    int start = -at; // of the segment's bytes in the target
    for (int i = 0; i < gather.count(); i++) {
      int first = Math.max(0, -start);
      int last = Math.min(gather.length(i), count - start);
      if (first < last) {
        MemorySegment bytes =
            ProgramMemory.of(gather.segment(i), gather.from(i) + first, last - first);
        MemorySegment.copy(bytes, JAVA_BYTE, 0, target, start + first, last - first);
      }
      start += gather.length(i);
    }
    return target;
  }

  /** Stores what has been read. */
  void store(byte[] source) {
    if (is(Opcode.READ_SCATTERED)) {
      scatter(source);
      return;
    }
    MemorySegment.copy(source, 0, bytes(), JAVA_BYTE, 0, source.length);
  }

  private void scatter(byte[] source) {
    Gather gather = op.gather();
    int at = 0;
    for (int i = 0; at < source.length; i++) {
      int count = Math.min(gather.length(i), source.length - at);
      MemorySegment bytes = ProgramMemory.of(gather.segment(i), gather.from(i), count);
      MemorySegment.copy(source, at, bytes, JAVA_BYTE, 0, count);
      at += count;
    }
  }

  /** Whether the memory may have been freed, so that it must not be accessed. */
  public boolean hasLostMemory() {
    return segment != null && (!segment.scope().isAlive() || op.memory() != segment);
  }

  /** Whether it leaves what it reads where it is. */
  boolean peeks() {
    return is(Opcode.PEEK) || (is(Opcode.RECEIVE_MESSAGE) && detail != 0);
  }

  boolean is(Opcode some) {
    return opcode == some;
  }

  /** Whether a result breaks the chain of the request: a failure or a short transfer. */
  boolean breaksChain(int result) {
    if (result < 0) {
      return true;
    }
    return switch (opcode) {
      case READ, WRITE, SPLICE, TEE, SEND, SEND_GATHERED, SEND_ZERO_COPY -> result < length;
      case READ_SCATTERED, WRITE_GATHERED -> result < length;
      default -> false;
    };
  }

  /** Whether a worker thread carries the request out; a cancellation interrupts that thread. */
  boolean isOnWorker() {
    return switch (opcode) {
      case TEE, COPY_RANGE, CLONE -> true;
      case SPLICE, SYNC, SYNC_DATA, OPEN, OPEN_DIRECT, STAT, LIST -> true;
      case WRITE_BACK, ADVISE, ALLOCATE -> true;
      default -> OpcodeHandlers.isOnPath(this);
    };
  }
}

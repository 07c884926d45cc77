// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The request of an {@link Op}: what a backend reads. */
public abstract class OpRequest {
  /** The offset of a READ or WRITE at the descriptor's own position. */
  public static final long CURRENT_POSITION = -1;

  private static final int ACCEPT_DIRECT = Opcode.ACCEPT_DIRECT.code();
  private static final int OPEN_DIRECT = Opcode.OPEN_DIRECT.code();
  private static final int REGISTER = Opcode.REGISTER.code();
  private static final int PEEK = Opcode.PEEK.code();
  private static final int RECEIVE_MESSAGE = Opcode.RECEIVE_MESSAGE.code();

  /** The code of the {@link Opcode}: storing a reference would cost more. */
  int opcode;

  /** The descriptor: that of {@link #target}, or one without a handle. */
  int handle;

  /** The handle that the operation uses; null if it uses none, or a plain descriptor. */
  @Nullable Handle target;

  /** The handle that a splice reads from, or of a second directory. */
  @Nullable Handle spliceSource;

  int spliceHandle;

  /** The memory of a transfer, kept reachable until the last completion. */
  @Nullable MemorySegment memory;

  /** Where the bytes of a transfer begin in {@link #memory}. */
  long from;

  int length;

  /** Where a READ or WRITE begins in the file. */
  long position;

  /** A number that the opcode needs: flags, events, a direction, a value, and so on. */
  int detail;

  int permissions;

  /** Whether the operation has its result, but the backend still uses the memory. */
  boolean isHeld;

  /** An object that the opcode needs or fills: an address, a path, an option, and so on. */
  @Nullable Object argument;

  OpRequest() {}

  final Op range(long position, int length) {
    this.position = position;
    this.length = length;
    return (Op) this;
  }

  final Op with(Object argument) {
    this.argument = argument;
    return (Op) this;
  }

  /** Whether the operation has its result, but the backend still uses the memory. */
  public final boolean isHeld() {
    return isHeld;
  }

  public Opcode opcode() {
    return Opcode.of(opcode);
  }

  /** The code of the opcode, for tables. */
  public int code() {
    return opcode;
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

  /** The index of the first byte of a transfer in {@link #memory}, or a splice's in its source. */
  public long from() {
    return from;
  }

  /** The number of bytes of ALLOCATE. */
  public long rangeBytes() {
    return from;
  }

  /** The number of bytes of a transfer, SYNC, WRITE_BACK or ADVISE. */
  public int length() {
    return length;
  }

  /** The position in the file of a transfer or range, or {@link #CURRENT_POSITION}. */
  public long position() {
    return position;
  }

  /**
   * The {@link OpenFlags} of OPEN, {@link PollEvents} of POLL, buffer group of RECEIVE_ANY and
   * RECEIVE_MULTISHOT, whether more follows a SEND_GATHERED, whether a RECEIVE_MESSAGE peeks or a
   * WRITE_BACK waits.
   */
  public int detail() {
    return detail;
  }

  /** Lets a RECEIVE_MESSAGE leave the message where it is, with its descriptors. */
  public final Op peeking() {
    detail = 1;
    return (Op) this;
  }

  /** Whether a PEEK or RECEIVE_MESSAGE leaves what it reads where it is. */
  public boolean peeks() {
    return opcode == PEEK || (opcode == RECEIVE_MESSAGE && detail != 0);
  }

  /** Whether the result is a direct descriptor. */
  boolean makesDirect() {
    return opcode == ACCEPT_DIRECT || opcode == OPEN_DIRECT || opcode == REGISTER;
  }

  /** The directions of SHUTDOWN. */
  public Direction direction() {
    return (Direction) Objects.requireNonNull(argument);
  }

  /** The permissions of a file that OPEN creates, before the umask. */
  public int permissions() {
    return permissions;
  }

  /** The object that the opcode needs, or null: see the accessors of its type. */
  public @Nullable Object argument() {
    return argument;
  }

  /** The address of CONNECT. */
  public SocketAddress address() {
    return (SocketAddress) Objects.requireNonNull(argument);
  }

  /** The bytes of the path of OPEN, without a NUL. */
  public byte[] path() {
    return (byte[]) Objects.requireNonNull(argument);
  }

  /** The names of an operation on names of files. */
  public PathRequest names() {
    return (PathRequest) Objects.requireNonNull(argument);
  }

  /** What LIST fills. */
  public DirectoryBatch batch() {
    return (DirectoryBatch) Objects.requireNonNull(argument);
  }

  /** What STAT fills. */
  public FileAttributes attributes() {
    return (FileAttributes) Objects.requireNonNull(argument);
  }

  /** What ADVISE says. */
  public FileAdvice advice() {
    return (FileAdvice) Objects.requireNonNull(argument);
  }

  /** What ALLOCATE does. */
  public Allocation allocation() {
    return (Allocation) Objects.requireNonNull(argument);
  }

  /** The message of RECEIVE_MESSAGE and SEND_MESSAGE. */
  public Message message() {
    return (Message) Objects.requireNonNull(argument);
  }

  /** The descriptor that a splice reads from, or of a second directory. */
  public int spliceHandle() {
    return spliceHandle;
  }

  /** The bytes of SEND_GATHERED and WRITE_GATHERED, or the segments of READ_SCATTERED. */
  public Gather gather() {
    return (Gather) Objects.requireNonNull(argument);
  }

  /** Whether the operation reads or writes memory of the caller's. */
  public boolean hasMemory() {
    return memory != null || argument instanceof Gather;
  }

  /** Whether a thread may access that memory. */
  public boolean isAccessibleBy(Thread thread) {
    MemorySegment one = memory;
    return one == null
        ? !(argument instanceof Gather several) || several.isAccessibleBy(thread)
        : one.isAccessibleBy(thread);
  }

  /** Copies {@code count} of the bytes to be written, from the one at {@code start} on. */
  public void copyTo(long start, MemorySegment target, long at, int count) {
    MemorySegment one = memory;
    if (one != null) {
      MemorySegment.copy(one, from + start, target, at, count);
    } else if (argument instanceof Gather several) {
      several.copyTo(start, target, at, count);
    }
  }
}

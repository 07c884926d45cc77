// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.io;

import dev.weft.error.Errno;
import dev.weft.internal.mem.Memory;
import dev.weft.internal.mem.Pages;
import dev.weft.internal.queue.IntDeque;
import org.jspecify.annotations.Nullable;

/**
 * Ring buffer of bytes: from a descriptor to a thread, from a thread to a descriptor, or from one
 * thread to another, which then share the ring (a pipe).
 *
 * <p>It has memory from its first bytes until its process waits while the ring is empty. In the
 * micro-heap its pages are only reserved. Positions only grow while it has memory; modulo the size
 * they are offsets in the ring.
 *
 * <p>Its state is in two diagrams: {@link WritingEnd} is about its two ends, {@link TransferState}
 * about the operation that moves its bytes.
 */
public final class ByteRing {
  public static final int BYTES = 16 * 1024;

  /** The longest message. A received one that fills the ring may have been longer. */
  public static final int MESSAGE_MAX = BYTES - 1;

  public static final int PAGES = BYTES / Pages.PAGE_BYTES;
  private static final int MASK = BYTES - 1;

  final RingSet rings;
  private final @Nullable SharedDescriptor descriptor;

  /** The address of its memory; 0 while it has none. */
  private long address;

  /** The position of the next byte to read. */
  private long head;

  /** The position behind the last byte written. */
  private long tail;

  /** Whether it is filled from a descriptor. */
  public final boolean isInput;

  /** Whether it is drained to a descriptor. */
  public final boolean isOutput;

  /** Whether its descriptor keeps the boundaries of messages; it holds one at a time then. */
  public final boolean isOfMessages;

  private WritingEnd end = WritingEnd.OPEN;
  private TransferState state = TransferState.IDLE;

  /** Whether no reader is left: written bytes are not consumed. */
  private boolean abandoned;

  /** The error number of the descriptor's failure; 0 if it has not failed. */
  private int failure;

  /** How many threads may read from it, and write to it. */
  int readerEnds;

  int writerEnds;

  // ---- the lists of threads that wait; their owner links them, the ring has only their heads

  /** The first thread that waits for bytes; {@link IntDeque#NONE} if none does. */
  public int firstReader = IntDeque.NONE;

  /** The first thread that waits for room. */
  public int firstWriter = IntDeque.NONE;

  // ---- facts about its end of the descriptor

  /** Whether this end of the descriptor has been closed. */
  private boolean closed;

  /** Whether a thread has shut down the descriptor's side; the descriptor itself stays open. */
  boolean isShut;

  /** Whether a thread that wrote here was past its deadline when it ended. */
  private boolean overdue;

  // ---- places in lists

  /** Whether it is on the list of rings to be filled or drained. */
  boolean pending;

  /** The deadline for bytes that an ended thread has left here, or null. */
  @Nullable DrainDeadline drainDeadline;

  @Nullable ByteRing nextDue;
  @Nullable ByteRing previousDue;

  /** The operation of the driver, created by the first transfer. */
  @Nullable RingTransfer transfer;

  private ByteRing(
      RingSet rings, @Nullable SharedDescriptor descriptor, boolean input, boolean output) {
    this.rings = rings;
    this.descriptor = descriptor;
    isInput = input;
    isOutput = output;
    isOfMessages = descriptor != null && descriptor.messages;
  }

  static ByteRing pipe(RingSet rings) {
    return new ByteRing(rings, null, false, false);
  }

  static ByteRing input(RingSet rings, SharedDescriptor source) {
    source.opened();
    return new ByteRing(rings, source, true, false);
  }

  static ByteRing output(RingSet rings, SharedDescriptor sink) {
    sink.opened();
    return new ByteRing(rings, sink, false, true);
  }

  /** The descriptor at the other end; a pipe has none. */
  SharedDescriptor descriptor() {
    SharedDescriptor found = descriptor;
    if (found == null) {
      throw new IllegalStateException("a pipe between threads has no descriptor");
    }
    return found;
  }

  public int readable() {
    return (int) (tail - head);
  }

  public int writable() {
    return BYTES - (int) (tail - head);
  }

  public boolean isEmpty() {
    return tail == head;
  }

  public boolean isPipe() {
    return descriptor == null;
  }

  /** Whether there is something to be written to the descriptor. */
  boolean hasOutput() {
    return isOfMessages ? isHungUp() : tail != head;
  }

  /** Whether it delivers the connections of a listening socket instead of bytes. */
  public boolean isListening() {
    return descriptor != null && descriptor.listening;
  }

  // ---- the end that is written

  /** Whether a reader has reached the end of the message or of the stream. */
  public boolean isAtEnd() {
    return end != WritingEnd.OPEN && tail == head;
  }

  /** Whether no more bytes follow. */
  public boolean isEnded() {
    return end.isEnded();
  }

  /** Whether the writer has ended its message and waits for {@link #acknowledge}. */
  public boolean isHungUp() {
    return end.isHungUp();
  }

  /** Whether nothing can be written at present. */
  public boolean refusesWriters() {
    return abandoned || end != WritingEnd.OPEN;
  }

  /** Ends a message; the writer waits until it has been acknowledged. */
  public void hangUp() {
    assert end == WritingEnd.OPEN : end;
    wakeReaders();
    end = WritingEnd.HUNG_UP;
  }

  /** Undoes {@link #hangUp}: it has been acknowledged, or never will be. */
  public void withdrawHangUp() {
    end = end.resumed();
  }

  /**
   * Acknowledges the end of a message, or of an input, as a terminal can be read on after its end.
   */
  public void acknowledge() {
    if (isHungUp()) {
      wakeWriters();
      withdrawHangUp();
    } else if (!isPipe()) {
      end = WritingEnd.OPEN;
    }
  }

  void endWriting() {
    end = end.ended();
  }

  // ---- the end that is read

  /** Whether no reader is left: written bytes are not consumed. */
  public boolean isAbandoned() {
    return abandoned;
  }

  void abandon() {
    abandoned = true;
  }

  // ---- its end of the descriptor

  /** Whether this end of the descriptor has been closed. */
  public boolean isClosed() {
    return closed;
  }

  void closed() {
    closed = true;
  }

  /** Counts a writer that has ended; returns whether it or another one was past its deadline. */
  boolean writerEnded(boolean isOverdue) {
    overdue |= isOverdue;
    return overdue;
  }

  // ---- the transfer

  /** Whether the kernel may use its memory. */
  public boolean isInFlight() {
    return state.isInFlight();
  }

  /** Whether the operation in flight connects the descriptor instead of moving bytes. */
  public boolean isConnecting() {
    return state.isConnecting();
  }

  /** Whether bytes that the descriptor does not accept immediately are to be dropped. */
  boolean isDropRequested() {
    return state.isDropRequested();
  }

  void requestDrop() {
    state = state.dropRequested();
  }

  /** Sets whether the operation is in flight, so that the kernel may use the ring's memory. */
  void setInFlight(boolean inFlight) {
    state = inFlight ? state.started() : state.done();
  }

  /** Marks the operation in flight as one that connects the descriptor. */
  void setConnecting() {
    assert isInFlight() : state;
    state = state.connecting();
  }

  /** Whether the operation in flight is no longer needed. */
  boolean isGivenUp() {
    return isInput ? abandoned : isDropRequested() || rings.isKilled();
  }

  // ---- memory

  boolean isAllocated() {
    return address != 0;
  }

  /** Allocates its memory if it has none. */
  void allocate() {
    if (address == 0) {
      address = rings.takeMemory();
    }
  }

  /** Takes over memory that starts with {@code count} received bytes. */
  void adopt(long memory, int count) {
    assert address == 0 && isEmpty() : this;
    rings.adoptedMemory();
    address = memory;
    filled(count);
  }

  /** Releases its memory if it is empty and no operation is in flight. */
  void releaseIfIdle() {
    if (address != 0 && head == tail && !isInFlight()) {
      release();
    }
  }

  /** Releases its memory even if it is not empty; no operation is in flight. */
  void release() {
    assert !isInFlight() : this;
    if (address != 0) {
      rings.giveMemory(address);
      address = 0;
    }
    head = 0;
    tail = 0;
  }

  // ---- bytes; the caller has checked that there are enough bytes, or enough room

  public void put(long from, int count) {
    allocate();
    int at = (int) tail & MASK;
    int first = Math.min(count, BYTES - at);
    Memory.copy(from, address + at, first);
    if (first < count) {
      Memory.copy(from + first, address, count - first);
    }
    tail += count;
  }

  public void put(byte[] bytes, int offset, int count) {
    allocate();
    int at = (int) tail & MASK;
    int first = Math.min(count, BYTES - at);
    Memory.set(address + at, bytes, offset, first);
    if (first < count) {
      Memory.set(address, bytes, offset + first, count - first);
    }
    tail += count;
  }

  /** Writes a text if it is ASCII and fits as a whole; returns whether it has. */
  public boolean putAscii(String text) {
    int length = text.length();
    if (length > writable()) {
      return false;
    }
    allocate();
    for (int i = 0; i < length; i++) {
      char character = text.charAt(i);
      if (character >= 0x80) {
        return false; // what was written so far is behind the tail
      }
      Memory.setByte(address + ((tail + i) & MASK), (byte) character);
    }
    tail += length;
    return true;
  }

  /**
   * Writes a number. A ring of numbers holds nothing else, so a number never wraps. The caller
   * wakes the readers.
   *
   * @return true
   */
  boolean putInt(int value) {
    allocate();
    Memory.setInt(address + (tail & MASK), value);
    tail += Integer.BYTES;
    return true;
  }

  public int takeInt() {
    int value = Memory.getInt(address + (head & MASK));
    head += Integer.BYTES;
    return value;
  }

  public void take(long to, int count) {
    int at = (int) head & MASK;
    int first = Math.min(count, BYTES - at);
    Memory.copy(address + at, to, first);
    if (first < count) {
      Memory.copy(address, to + first, count - first);
    }
    head += count;
  }

  /** Moves bytes into another ring. */
  public void moveTo(ByteRing other, int count) {
    int at = (int) head & MASK;
    int first = Math.min(count, BYTES - at);
    other.put(address + at, first);
    head += first; // now: the second part may fail
    if (first < count) {
      int second = count - first;
      other.put(address, second);
      head += second;
    }
  }

  /**
   * The length up to and including the first newline in the first {@code count} bytes; 0 if there
   * is none.
   */
  public int lineLength(int count) {
    for (int i = 0; i < count; i++) {
      if (Memory.getByte(address + ((head + i) & MASK)) == '\n') {
        return i + 1;
      }
    }
    return 0;
  }

  // ---- the descriptor's side: one contiguous run of bytes

  long fillAddress() {
    return address + ((int) tail & MASK);
  }

  int fillBytes() {
    return Math.min(writable(), BYTES - ((int) tail & MASK));
  }

  long drainAddress() {
    return address + ((int) head & MASK);
  }

  int drainBytes() {
    return Math.min(readable(), BYTES - ((int) head & MASK));
  }

  /** Completes the attempt to connect the descriptor, with 0 or -errno. */
  void connected(int result) {
    boolean expired = isDropRequested() && result == -Errno.ECANCELED.code();
    setInFlight(false);
    failure = expired ? Errno.ETIMEDOUT.code() : -result;
    wakeWriters();
  }

  /** Completes a read from the descriptor, with a byte count, 0 at its end, or -errno. */
  void filled(int result) {
    if (result > 0) {
      tail += result;
    }
    if (result <= 0 || isOfMessages) {
      endWriting();
      failure = Math.max(-result, 0);
    }
    if (isOfMessages && result > MESSAGE_MAX) {
      failure = Errno.EMSGSIZE.code(); // its end may have been cut off
      dropAll();
    }
    wakeReaders();
  }

  public void dropAll() {
    head = tail;
  }

  /** Completes a write to the descriptor, with a byte count or -errno. */
  void drained(int result) {
    if (isOfMessages) {
      head = 0; // the next message begins at the start of the memory
      tail = 0;
      failure = Math.max(-result, 0); // of this message alone
      state = TransferState.IDLE;
      withdrawHangUp();
    } else if (result > 0) {
      head += result;
      if (state == TransferState.DROP_DUE && head == tail) {
        state = TransferState.IDLE;
      }
    } else {
      failure = -result;
      abandoned = true;
      head = tail; // they can't be written any more
    }
    wakeWriters();
  }

  /**
   * Whether this completion empties the ring and no thread waits for it, so that the process need
   * not be dispatched.
   */
  boolean isDoneWith(int result) {
    return isOutput && result == readable() && result > 0 && !isEnded() && !isAwaited();
  }

  /** The error number of the descriptor's failure; 0 if it has not failed. */
  public int failure() {
    return failure;
  }

  void fail(int code) {
    failure = code;
  }

  /** Returns the failure and resets it, so that it is raised once. */
  public int takeFailure() {
    int taken = failure;
    failure = 0;
    return taken;
  }

  // ---- waiting

  /** Whether a thread waits here for the descriptor. */
  boolean isAwaitedOutside() {
    return descriptor != null && isAwaited();
  }

  private boolean isAwaited() {
    return firstReader != IntDeque.NONE || firstWriter != IntDeque.NONE;
  }

  public void wakeReaders() {
    if (firstReader != IntDeque.NONE) {
      rings.owner.wakeReaders(this);
    }
  }

  public void wakeWriters() {
    if (firstWriter != IntDeque.NONE) {
      rings.owner.wakeWriters(this);
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.weft.error.Errno;
import dev.weft.internal.mem.Memory;
import dev.weft.internal.mem.Pages;
import dev.weft.internal.queue.IntDeque;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Ring buffer of bytes: from a descriptor to a thread, from a thread to a descriptor, or from one
 * thread to another, which then share the ring (a pipe).
 *
 * <p>It has memory from its first bytes until its process waits while the ring is empty. In the
 * micro-heap its pages are only reserved.
 *
 * <p>Positions only grow while it has memory; modulo the size they are offsets in the ring. The
 * threads that wait for the ring form a list of thread numbers, linked through the threads.
 */
final class ByteRing {
  static final int BYTES = 16 * 1024;
  static final int PAGES = BYTES / Pages.PAGE_BYTES;
  private static final int MASK = BYTES - 1;

  final ProcessScheduler threads;
  private final MicroHeap heap;

  /** The address of its memory; 0 while it has none. */
  private long address;

  private final @Nullable SharedDescriptor descriptor;

  /** The position of the next byte to read. */
  private long head;

  /** The position behind the last byte written. */
  private long tail;

  /** Whether it is filled from a descriptor. */
  final boolean isInput;

  /** Whether it is drained to a descriptor. */
  final boolean isOutput;

  /** How many threads may read from it, and write to it. */
  int readerEnds;

  int writerEnds;

  /** Whether this end of the descriptor has been closed. */
  boolean closed;

  /** Whether a thread has shut down the descriptor's side; the descriptor itself stays open. */
  boolean shut;

  // ---- state of the two ends

  /** The writer has ended its message and waits for {@link MicroSocket#readhup}. */
  boolean hungUp;

  /** No more bytes follow. */
  boolean ended;

  /** No reader is left: written bytes are not consumed. */
  boolean abandoned;

  /** A deadline has passed: bytes that the descriptor does not accept at once are dropped. */
  boolean dropsAfterDrain;

  /** Whether a thread that wrote here was past its deadline when it ended. */
  boolean overdue;

  /** The deadline for bytes that an ended thread has left here, or null. */
  ProcessTimers.@Nullable Alarm alarm;

  // ---- neighbours in the list of rings of the same alarm
  @Nullable ByteRing nextLeft;
  @Nullable ByteRing previousLeft;

  /** The error number of the descriptor's failure; 0 if it has not failed. */
  int failure;

  // ---- waiting threads
  private int readers = IntDeque.NONE;
  private int writers = IntDeque.NONE;

  // ---- state of the driver
  @Nullable RingTransfer transfer;
  boolean inFlight;

  /** Whether the operation in flight connects the descriptor instead of moving bytes. */
  boolean isConnecting;

  /** Whether it is on the list of rings to be filled or drained. */
  boolean pending;

  private ByteRing(
      ProcessScheduler threads,
      @Nullable SharedDescriptor descriptor,
      boolean input,
      boolean output) {
    this.threads = threads;
    heap = threads.process().heap;
    this.descriptor = descriptor;
    isInput = input;
    isOutput = output;
  }

  static ByteRing pipe(ProcessScheduler threads) {
    return new ByteRing(threads, null, false, false);
  }

  static ByteRing input(ProcessScheduler threads, SharedDescriptor source) {
    source.opened();
    return new ByteRing(threads, source, true, false);
  }

  static ByteRing output(ProcessScheduler threads, SharedDescriptor sink) {
    sink.opened();
    return new ByteRing(threads, sink, false, true);
  }

  /** The descriptor at the other end; a pipe has none. */
  SharedDescriptor descriptor() {
    SharedDescriptor found = descriptor;
    if (found == null) {
      throw new IllegalStateException("a pipe between threads has no descriptor");
    }
    return found;
  }

  int readable() {
    return (int) (tail - head);
  }

  int writable() {
    return BYTES - (int) (tail - head);
  }

  boolean isEmpty() {
    return tail == head;
  }

  boolean isPipe() {
    return descriptor == null;
  }

  /** Whether a reader has reached the end of the message or of the stream. */
  boolean isAtEnd() {
    return (hungUp || ended) && tail == head;
  }

  /** Whether the operation in flight is no longer needed. */
  boolean isGivenUp() {
    return isInput ? abandoned : dropsAfterDrain || threads.process().isKilled();
  }

  // ---- memory

  boolean isAllocated() {
    return address != 0;
  }

  /** Allocates its memory if it has none. */
  void allocate() {
    if (address == 0) {
      address = heap.takeRing();
    }
  }

  /** Takes over memory that starts with {@code count} received bytes. */
  void adopt(long memory, int count) {
    assert address == 0 && isEmpty() : this;
    heap.adoptedRing();
    address = memory;
    filled(count);
  }

  /** Releases its memory if it is empty and no operation is in flight. */
  void releaseIfIdle() {
    if (address != 0 && head == tail && !inFlight) {
      release();
    }
  }

  /** Releases its memory even if it is not empty; no operation is in flight. */
  void release() {
    assert !inFlight : this;
    if (address != 0) {
      heap.giveRing(address);
      address = 0;
    }
    head = 0;
    tail = 0;
  }

  // ---- bytes; the caller has checked that there are enough bytes, or enough room

  void put(long from, int count) {
    allocate();
    int at = (int) tail & MASK;
    int first = Math.min(count, BYTES - at);
    copy(from, address + at, first);
    if (first < count) {
      copy(from + first, address, count - first);
    }
    tail += count;
  }

  void put(byte[] bytes, int offset, int count) {
    allocate();
    int at = (int) tail & MASK;
    int first = Math.min(count, BYTES - at);
    MemorySegment.copy(bytes, offset, Memory.ALL, JAVA_BYTE, address + at, first);
    if (first < count) {
      MemorySegment.copy(bytes, offset + first, Memory.ALL, JAVA_BYTE, address, count - first);
    }
    tail += count;
  }

  /** Writes a text if it is ASCII and fits as a whole; returns whether it has. */
  boolean putAscii(String text) {
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
      Memory.ALL.set(JAVA_BYTE, address + ((tail + i) & MASK), (byte) character);
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
    Memory.ALL.set(JAVA_INT, address + (tail & MASK), value);
    tail += Integer.BYTES;
    return true;
  }

  int takeInt() {
    int value = Memory.ALL.get(JAVA_INT, address + (head & MASK));
    head += Integer.BYTES;
    return value;
  }

  void take(long to, int count) {
    int at = (int) head & MASK;
    int first = Math.min(count, BYTES - at);
    copy(address + at, to, first);
    if (first < count) {
      copy(address, to + first, count - first);
    }
    head += count;
  }

  /** Moves bytes into another ring. */
  void moveTo(ByteRing other, int count) {
    int at = (int) head & MASK;
    int first = Math.min(count, BYTES - at);
    other.put(address + at, first);
    if (first < count) {
      other.put(address, count - first);
    }
    head += count;
  }

  private static void copy(long from, long to, int count) {
    MemorySegment.copy(Memory.ALL, from, Memory.ALL, to, count);
  }

  /**
   * The length up to and including the first newline in the first {@code count} bytes; 0 if there
   * is none.
   */
  int lineLength(int count) {
    for (int i = 0; i < count; i++) {
      if (Memory.ALL.get(JAVA_BYTE, address + ((head + i) & MASK)) == '\n') {
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
    inFlight = false;
    isConnecting = false;
    failure =
        dropsAfterDrain && result == -Errno.ECANCELED.code() ? Errno.ETIMEDOUT.code() : -result;
    wakeWriters();
  }

  /** Completes a read from the descriptor, with a byte count, 0 at its end, or -errno. */
  void filled(int result) {
    if (result > 0) {
      tail += result;
    } else {
      ended = true;
      failure = -result;
    }
    wakeReaders();
  }

  /** Completes a write to the descriptor, with a byte count or -errno. */
  void drained(int result) {
    if (result > 0) {
      head += result;
      dropsAfterDrain &= head != tail;
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
    return isOutput && result == readable() && result > 0 && !ended && !isAwaited();
  }

  /** Returns the failure and resets it, so that it is raised once. */
  int takeFailure() {
    int taken = failure;
    failure = 0;
    return taken;
  }

  // ---- waiting

  void addReader(MicroThread thread) {
    link(thread, readers);
    thread.waitsToWrite = false;
    thread.isListed = true;
    readers = thread.id;
  }

  void addWriter(MicroThread thread) {
    link(thread, writers);
    thread.waitsToWrite = true;
    thread.isListed = true;
    writers = thread.id;
  }

  private void link(MicroThread thread, int first) {
    if (first != IntDeque.NONE) {
      threads.thread(first).previousWaiting = thread.id;
    }
    thread.nextWaiting = first;
    if (thread.waitsFor != this) {
      thread.waitsFor = this; // only if it changes: the write barrier costs more than the check
    }
  }

  /** Whether a thread waits here for the descriptor. */
  boolean isAwaitedOutside() {
    return descriptor != null && isAwaited();
  }

  private boolean isAwaited() {
    return readers != IntDeque.NONE || writers != IntDeque.NONE;
  }

  void wakeReaders() {
    for (int id; (id = readers) != IntDeque.NONE; ) {
      wake(threads.thread(id));
    }
  }

  void wakeWriters() {
    for (int id; (id = writers) != IntDeque.NONE; ) {
      wake(threads.thread(id));
    }
  }

  /**
   * Wakes a waiting thread. It leaves the list last: if this fails midway, it can be woken again.
   */
  private void wake(MicroThread thread) {
    threads.play(thread);
    forget(thread);
  }

  /** Removes a thread that waits here from its list. */
  void forget(MicroThread thread) {
    int next = thread.nextWaiting;
    int previous = thread.previousWaiting;
    if (next != IntDeque.NONE) {
      threads.thread(next).previousWaiting = previous;
    }
    if (previous != IntDeque.NONE) {
      threads.thread(previous).nextWaiting = next;
    } else if (thread.waitsToWrite) {
      writers = next;
    } else {
      readers = next;
    }
    thread.nextWaiting = IntDeque.NONE;
    thread.previousWaiting = IntDeque.NONE;
    thread.isListed = false;
  }
}

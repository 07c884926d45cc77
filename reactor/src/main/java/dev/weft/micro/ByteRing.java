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
 * Bytes on their way, in a ring: from a descriptor to a thread, from a thread to a descriptor, or
 * from one thread to another, who then share this one ring.
 *
 * <p>It has memory while there are bytes in it, and some time longer: when its process waits and it
 * is empty, the memory goes back. Its place in the micro-heap is only set aside.
 *
 * <p>Positions only grow while it has memory; where they are in the ring is their remainder. Who
 * waits for it is a list of thread numbers, linked through the threads.
 */
final class ByteRing {
  static final int BYTES = 16 * 1024;
  static final int PAGES = BYTES / Pages.PAGE_BYTES;
  private static final int MASK = BYTES - 1;

  final ProcessScheduler threads;
  private final MicroHeap heap;

  /** Where its memory is; 0 while it has none. */
  private long address;

  private final @Nullable SharedDescriptor descriptor;

  /** The next byte to be taken. */
  private long head;

  /** Behind the last byte that has been put. */
  private long tail;

  /** Whether a descriptor's bytes come in here. */
  final boolean isInput;

  /** Whether a descriptor takes what is here. */
  final boolean isOutput;

  /** How many threads may read it, and write it. */
  int readerEnds;

  int writerEnds;

  /** Whether the descriptor has been told that this end of it is closed. */
  boolean closed;

  /** Whether a thread has shut the descriptor's side down, which stays open otherwise. */
  boolean shut;

  // ---- what the ends have done

  /** No more bytes follow for now: the writer waits for {@link MicroSocket#readhup}. */
  boolean hungUp;

  /** No more bytes follow at all. */
  boolean ended;

  /** Nobody will take what is put. */
  boolean abandoned;

  /** Nobody waits for the descriptor any more: what it does not take at once is dropped. */
  boolean dropsAfterDrain;

  /** Whether a thread that wrote here was over its deadline when it ended. */
  boolean overdue;

  /** Until when it may take what a thread that has ended has left here, or null. */
  ProcessTimers.@Nullable Alarm alarm;

  // ---- the neighbours in the list of those that the same alarm is for
  @Nullable ByteRing nextLeft;
  @Nullable ByteRing previousLeft;

  /** Why the descriptor gave or took nothing more, as an error number; 0 if it has not failed. */
  int failure;

  // ---- who waits
  private int readers = IntDeque.NONE;
  private int writers = IntDeque.NONE;

  // ---- what the driver has in hand
  @Nullable RingTransfer transfer;
  boolean inFlight;

  /** Whether what is in flight is not its bytes, but the attempt to connect its descriptor. */
  boolean isConnecting;

  /** Whether it is on the list of those to be read into, or written from. */
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

  /** Whether a reader has nothing to wait for. */
  boolean isAtEnd() {
    return (hungUp || ended) && tail == head;
  }

  /** Whether what is in flight is of no use any more. */
  boolean isGivenUp() {
    return isInput ? abandoned : dropsAfterDrain || threads.process().isKilled();
  }

  // ---- memory

  boolean isAllocated() {
    return address != 0;
  }

  /** Takes memory if it has none. */
  void allocate() {
    if (address == 0) {
      address = heap.takeRing();
    }
  }

  /** Takes memory over, with so many bytes from its beginning on that have come in. */
  void adopt(long memory, int count) {
    assert address == 0 && isEmpty() : this;
    heap.adoptedRing();
    address = memory;
    filled(count);
  }

  /** Gives its memory back if there is nothing in it, nor on its way in or out. */
  void releaseIfIdle() {
    if (address != 0 && head == tail && !inFlight) {
      release();
    }
  }

  /** Gives its memory back whatever is in it; nothing is in flight. */
  void release() {
    assert !inFlight : this;
    if (address != 0) {
      heap.giveRing(address);
      address = 0;
    }
    head = 0;
    tail = 0;
  }

  // ---- bytes; the caller knows that there is as much

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

  /** Puts a text of ASCII characters, if it is one and there is room for all of it. */
  boolean putAscii(String text) {
    int length = text.length();
    if (length > writable()) {
      return false;
    }
    allocate();
    for (int i = 0; i < length; i++) {
      char character = text.charAt(i);
      if (character >= 0x80) {
        return false; // what was put so far is behind the tail
      }
      Memory.ALL.set(JAVA_BYTE, address + ((tail + i) & MASK), (byte) character);
    }
    tail += length;
    return true;
  }

  /**
   * Puts a number, which is whole in the ring: only numbers are in such a one. The caller wakes the
   * readers.
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

  /** How many of the first {@code count} bytes it takes to have the first newline; 0 if none is. */
  int lineLength(int count) {
    for (int i = 0; i < count; i++) {
      if (Memory.ALL.get(JAVA_BYTE, address + ((head + i) & MASK)) == '\n') {
        return i + 1;
      }
    }
    return 0;
  }

  // ---- the descriptor's side: one run of bytes without a wrap

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

  /** The attempt to connect the descriptor came to this: 0, or -errno. */
  void connected(int result) {
    inFlight = false;
    isConnecting = false;
    failure =
        dropsAfterDrain && result == -Errno.ECANCELED.code() ? Errno.ETIMEDOUT.code() : -result;
    wakeWriters();
  }

  /** The source gave this: bytes, 0 at its end, or -errno. */
  void filled(int result) {
    if (result > 0) {
      tail += result;
    } else {
      ended = true;
      failure = -result;
    }
    wakeReaders();
  }

  /** The sink took this: bytes, or -errno. */
  void drained(int result) {
    if (result > 0) {
      head += result;
      dropsAfterDrain &= head != tail;
    } else {
      failure = -result;
      abandoned = true;
      head = tail; // nobody will take them
    }
    wakeWriters();
  }

  /** Whether the sink's taking this is all that there was to do, and of no interest to anybody. */
  boolean isDoneWith(int result) {
    return isOutput && result == readable() && result > 0 && !ended && !isAwaited();
  }

  /** Takes the failure, which is told once. */
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
      thread.waitsFor = this; // only if new: a collector's barrier costs more
    }
  }

  /** Whether what wakes one who waits here is outside the process. */
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

  /** Wakes one that waits. It leaves the list last: if this is cut short, it can be woken again. */
  private void wake(MicroThread thread) {
    threads.play(thread);
    forget(thread);
  }

  /** Takes a thread that waits here off its list. */
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

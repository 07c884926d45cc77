// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.io;

import dev.weft.internal.mem.Memory;
import dev.weft.internal.mem.Pages;

/**
 * The bytes of a ring and the memory that holds them.
 *
 * <p>It has memory from its first bytes until its process waits while the ring is empty. In the
 * micro-heap its pages are only reserved. Positions only grow while it has memory; modulo the size
 * they are offsets in the ring.
 */
public abstract sealed class RingBytes permits ByteRing {
  public static final int BYTES = 16 * 1024;

  public static final int PAGES = BYTES / Pages.PAGE_BYTES;
  private static final int MASK = BYTES - 1;

  /** The set of the process that reads from it, which pays for its memory. */
  RingSet rings;

  /** The address of its memory; 0 while it has none. */
  private long address;

  /** The position of the next byte to read. */
  private long head;

  /** The position behind the last byte written. */
  private long tail;

  RingBytes(RingSet rings) {
    this.rings = rings;
  }

  /** Whether the kernel may use its memory. */
  public abstract boolean isInFlight();

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

  /** Takes over memory, into which bytes have been received. */
  void adopt(long memory) {
    assert address == 0 && isEmpty() : this;
    rings.adoptedMemory();
    address = memory;
  }

  /** Moves it, with its bytes, to the set of another process, which has reserved its pages. */
  void moveTo(RingSet set) {
    if (address != 0) {
      rings.lostMemory();
      set.adoptedMemory();
    }
    rings = set;
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
    rewind();
  }

  /** Drops all bytes; the next one is put at the start of the memory. */
  void rewind() {
    head = 0;
    tail = 0;
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

  public void dropAll() {
    head = tail;
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

  /** Counts bytes that the descriptor has given, behind those that were there. */
  void appended(int count) {
    tail += count;
  }

  /** Counts bytes that the descriptor has taken. */
  void removed(int count) {
    head += count;
  }
}

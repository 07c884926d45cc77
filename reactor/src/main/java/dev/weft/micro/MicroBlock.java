// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.weft.internal.mem.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Memory of a micro-heap, from {@link MicroThread#calloc} until it is freed, its thread or its
 * process ends. Every access is checked: out of bounds, after the end, or from outside the process
 * it throws before it has touched anything, which in a micro-thread is a fault. Values are in the
 * machine's byte order and need no alignment.
 *
 * <p>It is the handle, and not a {@link MemorySegment}, because a segment's scope knows threads and
 * not processes, many of which share one thread. A block is revoked by setting its length to
 * nothing, so that the one check of the bounds is the check of its life too. {@link #segment} makes
 * a segment where one is needed.
 */
public final class MicroBlock {
  private final MicroHeap heap;
  private final Object owner;
  private @Nullable MicroBlock below;
  private final long address;

  /** Its length; {@link #DEAD} once it has been freed. */
  private long limit;

  private @Nullable Arena arena;

  private static final long DEAD = -1;

  MicroBlock(
      MicroHeap heap, Object owner, @Nullable MicroBlock below, long address, long byteSize) {
    this.heap = heap;
    this.owner = owner;
    this.below = below;
    this.address = address;
    limit = byteSize;
  }

  Object owner() {
    return owner;
  }

  @Nullable MicroBlock below() {
    return below;
  }

  void below(MicroBlock block) {
    below = block;
  }

  /** Where it begins, dead or alive. */
  long start() {
    return address;
  }

  boolean isLive() {
    return limit != DEAD;
  }

  /**
   * Ends it.
   *
   * @throws IllegalStateException if an operation has its segment, which may be written to still;
   *     it lives on then
   */
  void revoke() {
    Arena opened = arena;
    if (opened != null) {
      opened.close();
      arena = null;
    }
    limit = DEAD;
  }

  /** As {@link #revoke}; returns whether it could. */
  boolean tryRevoke() {
    try {
      revoke();
      return true;
    } catch (IllegalStateException e) {
      return false;
    }
  }

  /**
   * Its length.
   *
   * @return in bytes
   * @throws IllegalStateException if it has been freed
   */
  public long byteSize() {
    return limit < 0 ? refuse(0, 0) : limit;
  }

  /**
   * The address of {@code length} bytes at {@code offset}, once they have been found to be there.
   */
  long at(long offset, long length) {
    if (offset < 0 || length < 0 || offset > limit - length || !heap.active) {
      return refuse(offset, length);
    }
    return address + offset;
  }

  private long refuse(long offset, long length) {
    if (limit == DEAD) {
      throw new IllegalStateException("a block of a micro-heap was used after it had been freed");
    }
    if (!heap.active) {
      throw new IllegalStateException(
          "a block of a micro-heap was used while its process was not running");
    }
    throw new IndexOutOfBoundsException(
        length + " bytes at " + offset + " are not in a block of " + limit + " bytes");
  }

  // ---- values

  /**
   * Reads a byte.
   *
   * @param offset where, in bytes
   * @return its value
   */
  public byte getByte(long offset) {
    return Memory.ALL.get(JAVA_BYTE, at(offset, Byte.BYTES));
  }

  /**
   * Writes a byte.
   *
   * @param offset where, in bytes
   * @param value its value
   */
  public void setByte(long offset, byte value) {
    Memory.ALL.set(JAVA_BYTE, at(offset, Byte.BYTES), value);
  }

  /**
   * Reads two bytes.
   *
   * @param offset where, in bytes
   * @return their value
   */
  public short getShort(long offset) {
    return Memory.ALL.get(JAVA_SHORT_UNALIGNED, at(offset, Short.BYTES));
  }

  /**
   * Writes two bytes.
   *
   * @param offset where, in bytes
   * @param value their value
   */
  public void setShort(long offset, short value) {
    Memory.ALL.set(JAVA_SHORT_UNALIGNED, at(offset, Short.BYTES), value);
  }

  /**
   * Reads four bytes.
   *
   * @param offset where, in bytes
   * @return their value
   */
  public int getInt(long offset) {
    return Memory.ALL.get(JAVA_INT_UNALIGNED, at(offset, Integer.BYTES));
  }

  /**
   * Writes four bytes.
   *
   * @param offset where, in bytes
   * @param value their value
   */
  public void setInt(long offset, int value) {
    Memory.ALL.set(JAVA_INT_UNALIGNED, at(offset, Integer.BYTES), value);
  }

  /**
   * Reads eight bytes.
   *
   * @param offset where, in bytes
   * @return their value
   */
  public long getLong(long offset) {
    return Memory.ALL.get(JAVA_LONG_UNALIGNED, at(offset, Long.BYTES));
  }

  /**
   * Writes eight bytes.
   *
   * @param offset where, in bytes
   * @param value their value
   */
  public void setLong(long offset, long value) {
    Memory.ALL.set(JAVA_LONG_UNALIGNED, at(offset, Long.BYTES), value);
  }

  /**
   * Reads eight bytes as a floating-point number.
   *
   * @param offset where, in bytes
   * @return their value
   */
  public double getDouble(long offset) {
    return Memory.ALL.get(JAVA_DOUBLE_UNALIGNED, at(offset, Double.BYTES));
  }

  /**
   * Writes a floating-point number as eight bytes.
   *
   * @param offset where, in bytes
   * @param value their value
   */
  public void setDouble(long offset, double value) {
    Memory.ALL.set(JAVA_DOUBLE_UNALIGNED, at(offset, Double.BYTES), value);
  }

  // ---- many bytes

  /**
   * Copies bytes into a new array.
   *
   * @param offset of the first
   * @param length how many
   * @return a copy
   */
  public byte[] toArray(long offset, int length) {
    long from = at(offset, length);
    byte[] bytes = new byte[length];
    MemorySegment.copy(Memory.ALL, JAVA_BYTE, from, bytes, 0, length);
    return bytes;
  }

  /**
   * Copies all of an array to a place in this block.
   *
   * @param offset where the first byte goes
   * @param bytes what is copied
   */
  public void set(long offset, byte[] bytes) {
    MemorySegment.copy(bytes, 0, Memory.ALL, JAVA_BYTE, at(offset, bytes.length), bytes.length);
  }

  /**
   * Copies bytes from another block, or from elsewhere in this one.
   *
   * @param offset where the first byte goes
   * @param source where they come from
   * @param sourceOffset of the first byte there
   * @param length how many
   */
  public void copyFrom(long offset, MicroBlock source, long sourceOffset, long length) {
    long from = source.at(sourceOffset, length);
    MemorySegment.copy(Memory.ALL, from, Memory.ALL, at(offset, length), length);
  }

  /**
   * Sets all of its bytes.
   *
   * @param value to what
   */
  public void fill(byte value) {
    long length = byteSize();
    Memory.at(at(0, length), length).fill(value);
  }

  /**
   * Decodes its first bytes as UTF-8.
   *
   * @param length how many
   * @return the text; what is not UTF-8 is U+FFFD
   */
  public String string(int length) {
    return new String(toArray(0, length), StandardCharsets.UTF_8);
  }

  /**
   * Encodes a text as UTF-8 at the beginning of this block.
   *
   * @param text what to write
   * @return how many bytes that took
   * @throws IndexOutOfBoundsException if it does not fit; nothing has been written
   */
  public int setString(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    set(0, bytes);
    return bytes.length;
  }

  /**
   * The same memory as a segment, for what takes no blocks: it can be used until the block is
   * freed, on the thread that runs the process. The first call makes an arena, which the end of the
   * block has to close: that costs more than the block itself.
   *
   * @return all of the block
   */
  public MemorySegment segment() {
    long length = byteSize();
    Arena scope = arena;
    if (scope == null) {
      scope = Arena.ofConfined();
      arena = scope;
    }
    return Memory.scoped(at(0, length), length, scope);
  }

  @Override
  public String toString() {
    return limit == DEAD ? "freed block" : "block of " + limit + " bytes";
  }
}

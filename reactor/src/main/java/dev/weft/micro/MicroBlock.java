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
 * Block of a micro-heap's memory, valid from {@link MicroThread#calloc} until it is freed or its
 * thread or process ends. Every access is checked: an access out of bounds, after the block's end,
 * or while its process is not running throws before it touches memory, which in a micro-thread is a
 * fault. Values are in the machine's byte order and need no alignment.
 *
 * <p>It is not a {@link MemorySegment}, because a segment's scope confines it to a thread and not
 * to a process, and many processes share one thread. A block is revoked by making its length
 * negative, so that one bounds check also checks that it is alive. {@link #segment} makes a segment
 * where one is needed.
 */
public final class MicroBlock {
  private final MicroHeap heap;
  private final Object owner;
  private @Nullable MicroBlock below;
  private final long address;

  /** Its length in bytes; {@link #DEAD} once it has been freed. */
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

  /** Its address, dead or alive. */
  long start() {
    return address;
  }

  boolean isLive() {
    return limit != DEAD;
  }

  /**
   * Frees the block.
   *
   * @throws IllegalStateException if an operation uses its segment and may still write to it; the
   *     block then stays alive
   */
  void revoke() {
    Arena opened = arena;
    if (opened != null) {
      opened.close();
      arena = null;
    }
    limit = DEAD;
  }

  /** As {@link #revoke}; returns false instead of throwing. */
  boolean tryRevoke() {
    try {
      revoke();
      return true;
    } catch (IllegalStateException e) {
      return false;
    }
  }

  /**
   * {@return its length in bytes}
   *
   * @throws IllegalStateException if it has been freed
   */
  public long byteSize() {
    return limit < 0 ? throwInvalid(0, 0) : limit;
  }

  /**
   * Checks that {@code length} bytes at {@code offset} can be accessed, and returns their address.
   */
  long at(long offset, long length) {
    if (offset < 0 || length < 0 || offset > limit - length || !heap.active) {
      return throwInvalid(offset, length);
    }
    return address + offset;
  }

  /** The segment in which the block lies. */
  private MemorySegment memory() {
    return Memory.segmentOf(address);
  }

  /** As {@link #at}, but returns the index in {@link #memory}. */
  private long index(long offset, long length) {
    return at(offset, length) - memory().address();
  }

  private long throwInvalid(long offset, long length) {
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
   * @param offset the offset in bytes
   * @return the value
   */
  public byte getByte(long offset) {
    return memory().get(JAVA_BYTE, index(offset, Byte.BYTES));
  }

  /**
   * Writes a byte.
   *
   * @param offset the offset in bytes
   * @param value the value
   */
  public void setByte(long offset, byte value) {
    memory().set(JAVA_BYTE, index(offset, Byte.BYTES), value);
  }

  /**
   * Reads two bytes.
   *
   * @param offset the offset in bytes
   * @return the value
   */
  public short getShort(long offset) {
    return memory().get(JAVA_SHORT_UNALIGNED, index(offset, Short.BYTES));
  }

  /**
   * Writes two bytes.
   *
   * @param offset the offset in bytes
   * @param value the value
   */
  public void setShort(long offset, short value) {
    memory().set(JAVA_SHORT_UNALIGNED, index(offset, Short.BYTES), value);
  }

  /**
   * Reads four bytes.
   *
   * @param offset the offset in bytes
   * @return the value
   */
  public int getInt(long offset) {
    return memory().get(JAVA_INT_UNALIGNED, index(offset, Integer.BYTES));
  }

  /**
   * Writes four bytes.
   *
   * @param offset the offset in bytes
   * @param value the value
   */
  public void setInt(long offset, int value) {
    memory().set(JAVA_INT_UNALIGNED, index(offset, Integer.BYTES), value);
  }

  /**
   * Reads eight bytes.
   *
   * @param offset the offset in bytes
   * @return the value
   */
  public long getLong(long offset) {
    return memory().get(JAVA_LONG_UNALIGNED, index(offset, Long.BYTES));
  }

  /**
   * Writes eight bytes.
   *
   * @param offset the offset in bytes
   * @param value the value
   */
  public void setLong(long offset, long value) {
    memory().set(JAVA_LONG_UNALIGNED, index(offset, Long.BYTES), value);
  }

  /**
   * Reads eight bytes as a floating-point number.
   *
   * @param offset the offset in bytes
   * @return the value
   */
  public double getDouble(long offset) {
    return memory().get(JAVA_DOUBLE_UNALIGNED, index(offset, Double.BYTES));
  }

  /**
   * Writes a floating-point number as eight bytes.
   *
   * @param offset the offset in bytes
   * @param value the value
   */
  public void setDouble(long offset, double value) {
    memory().set(JAVA_DOUBLE_UNALIGNED, index(offset, Double.BYTES), value);
  }

  // ---- many bytes

  /**
   * Copies bytes into a new array.
   *
   * @param offset the first byte's offset
   * @param length how many bytes
   * @return a new array
   */
  public byte[] toArray(long offset, int length) {
    long from = index(offset, length);
    byte[] bytes = new byte[length];
    MemorySegment.copy(memory(), JAVA_BYTE, from, bytes, 0, length);
    return bytes;
  }

  /**
   * Copies an array into this block.
   *
   * @param offset the first byte's offset in this block
   * @param bytes the array
   */
  public void set(long offset, byte[] bytes) {
    MemorySegment.copy(bytes, 0, memory(), JAVA_BYTE, index(offset, bytes.length), bytes.length);
  }

  /**
   * Copies bytes from another block, or within this one.
   *
   * @param offset the first byte's offset in this block
   * @param source the block to copy from
   * @param sourceOffset the first byte's offset in {@code source}
   * @param length how many bytes
   */
  public void copyFrom(long offset, MicroBlock source, long sourceOffset, long length) {
    long from = source.index(sourceOffset, length);
    MemorySegment.copy(source.memory(), from, memory(), index(offset, length), length);
  }

  /**
   * Sets all bytes to one value.
   *
   * @param value the value
   */
  public void fill(byte value) {
    long length = byteSize();
    memory().asSlice(index(0, length), length).fill(value);
  }

  /**
   * Decodes the first bytes as UTF-8.
   *
   * @param length how many bytes
   * @return the text; malformed input is replaced by U+FFFD
   */
  public String string(int length) {
    return new String(toArray(0, length), StandardCharsets.UTF_8);
  }

  /**
   * Encodes a text as UTF-8 at the start of this block.
   *
   * @param text the text
   * @return the text's length in bytes
   * @throws IndexOutOfBoundsException if it does not fit; nothing has been written
   */
  public int setString(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    set(0, bytes);
    return bytes.length;
  }

  /**
   * Returns the block's memory as a segment, for APIs that take segments. It is valid until the
   * block is freed, on the thread that runs the process. The first call creates an arena, which is
   * closed when the block is freed: that costs more than the block itself.
   *
   * @return a segment of the whole block
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

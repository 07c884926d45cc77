// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A number in the elements of a block, as a {@link MicroLayout} says: the typed access to it. Each
 * access is checked: it throws an {@link IndexOutOfBoundsException} unless the number lies in the
 * block, and an {@link IllegalStateException} if the block has been freed or its process is not
 * running. It allocates nothing.
 */
public abstract sealed class MicroField {
  /** The most elements that an index can name. Times the size of one it is still a long. */
  private static final int INDEX_BITS = 32;

  private static final int BASE_BITS = 48;

  private final ValueLayout value;
  private final int stride;
  private final int offset;
  private final long alignment;

  /** Whether the bytes of the number are in the order that is not the machine's. */
  final boolean isSwapped;

  private MicroField(MicroLayout layout, Class<?> type, PathElement... path) {
    offset = layout.offset(path);
    value = layout.value(type, path);
    stride = layout.stride;
    alignment = layout.alignment();
    isSwapped = value.order() != ByteOrder.nativeOrder();
  }

  /** The offset in a block of the number in an element, if the first one starts at {@code base}. */
  final long at(long base, long index) {
    if (index >>> INDEX_BITS != 0 || base >>> BASE_BITS != 0 || (base & (alignment - 1)) != 0) {
      throw invalid(base, index);
    }
    return base + offset + index * stride;
  }

  /** As the method above, with the first element at the start of the block. */
  final long at(long index) {
    if (index >>> INDEX_BITS != 0) {
      throw invalid(0, index);
    }
    return offset + index * stride;
  }

  private RuntimeException invalid(long base, long index) {
    if ((base & (alignment - 1)) != 0) {
      return new IllegalArgumentException(
          "elements at " + base + " are not at a multiple of " + alignment);
    }
    return new IndexOutOfBoundsException("element " + index + " of those at " + base);
  }

  @Override
  public String toString() {
    return value + " at " + offset + " of each " + stride + " bytes";
  }

  /** A byte in the elements of a block. */
  public static final class OfByte extends MicroField {
    OfByte(MicroLayout layout, PathElement... path) {
      super(layout, byte.class, path);
    }

    /**
     * Reads the number of an element.
     *
     * @param block the block, which starts with the first element
     * @param index which element, from 0
     * @return the value
     */
    public byte get(MicroBlock block, long index) {
      return read(block, at(index));
    }

    /**
     * Reads the number of an element.
     *
     * @param block the block
     * @param base the offset of the first element in {@code block}, which must be aligned
     * @param index which element, from 0
     * @return the value
     * @throws IllegalArgumentException if {@code base} is not a multiple of the alignment
     */
    public byte get(MicroBlock block, long base, long index) {
      return read(block, at(base, index));
    }

    private byte read(MicroBlock block, long offset) {
      return block.getByte(offset);
    }

    /**
     * Writes the number of an element.
     *
     * @param block the block, which starts with the first element
     * @param index which element, from 0
     * @param value the value
     */
    public void set(MicroBlock block, long index, byte value) {
      write(block, at(index), value);
    }

    /**
     * Writes the number of an element.
     *
     * @param block the block
     * @param base the offset of the first element in {@code block}, which must be aligned
     * @param index which element, from 0
     * @param value the value
     * @throws IllegalArgumentException if {@code base} is not a multiple of the alignment
     */
    public void set(MicroBlock block, long base, long index, byte value) {
      write(block, at(base, index), value);
    }

    private void write(MicroBlock block, long offset, byte value) {
      block.setByte(offset, value);
    }
  }

  /** A short in the elements of a block. */
  public static final class OfShort extends MicroField {
    OfShort(MicroLayout layout, PathElement... path) {
      super(layout, short.class, path);
    }

    /**
     * Reads the number of an element.
     *
     * @param block the block, which starts with the first element
     * @param index which element, from 0
     * @return the value
     */
    public short get(MicroBlock block, long index) {
      return read(block, at(index));
    }

    /**
     * Reads the number of an element.
     *
     * @param block the block
     * @param base the offset of the first element in {@code block}, which must be aligned
     * @param index which element, from 0
     * @return the value
     * @throws IllegalArgumentException if {@code base} is not a multiple of the alignment
     */
    public short get(MicroBlock block, long base, long index) {
      return read(block, at(base, index));
    }

    private short read(MicroBlock block, long offset) {
      short value = block.getShort(offset);
      return isSwapped ? Short.reverseBytes(value) : value;
    }

    /**
     * Writes the number of an element.
     *
     * @param block the block, which starts with the first element
     * @param index which element, from 0
     * @param value the value
     */
    public void set(MicroBlock block, long index, short value) {
      write(block, at(index), value);
    }

    /**
     * Writes the number of an element.
     *
     * @param block the block
     * @param base the offset of the first element in {@code block}, which must be aligned
     * @param index which element, from 0
     * @param value the value
     * @throws IllegalArgumentException if {@code base} is not a multiple of the alignment
     */
    public void set(MicroBlock block, long base, long index, short value) {
      write(block, at(base, index), value);
    }

    private void write(MicroBlock block, long offset, short value) {
      block.setShort(offset, isSwapped ? Short.reverseBytes(value) : value);
    }
  }

  /** An int in the elements of a block. */
  public static final class OfInt extends MicroField {
    OfInt(MicroLayout layout, PathElement... path) {
      super(layout, int.class, path);
    }

    /**
     * Reads the number of an element.
     *
     * @param block the block, which starts with the first element
     * @param index which element, from 0
     * @return the value
     */
    public int get(MicroBlock block, long index) {
      return read(block, at(index));
    }

    /**
     * Reads the number of an element.
     *
     * @param block the block
     * @param base the offset of the first element in {@code block}, which must be aligned
     * @param index which element, from 0
     * @return the value
     * @throws IllegalArgumentException if {@code base} is not a multiple of the alignment
     */
    public int get(MicroBlock block, long base, long index) {
      return read(block, at(base, index));
    }

    private int read(MicroBlock block, long offset) {
      int value = block.getInt(offset);
      return isSwapped ? Integer.reverseBytes(value) : value;
    }

    /**
     * Writes the number of an element.
     *
     * @param block the block, which starts with the first element
     * @param index which element, from 0
     * @param value the value
     */
    public void set(MicroBlock block, long index, int value) {
      write(block, at(index), value);
    }

    /**
     * Writes the number of an element.
     *
     * @param block the block
     * @param base the offset of the first element in {@code block}, which must be aligned
     * @param index which element, from 0
     * @param value the value
     * @throws IllegalArgumentException if {@code base} is not a multiple of the alignment
     */
    public void set(MicroBlock block, long base, long index, int value) {
      write(block, at(base, index), value);
    }

    private void write(MicroBlock block, long offset, int value) {
      block.setInt(offset, isSwapped ? Integer.reverseBytes(value) : value);
    }
  }

  /** A long in the elements of a block. */
  public static final class OfLong extends MicroField {
    OfLong(MicroLayout layout, PathElement... path) {
      super(layout, long.class, path);
    }

    /**
     * Reads the number of an element.
     *
     * @param block the block, which starts with the first element
     * @param index which element, from 0
     * @return the value
     */
    public long get(MicroBlock block, long index) {
      return read(block, at(index));
    }

    /**
     * Reads the number of an element.
     *
     * @param block the block
     * @param base the offset of the first element in {@code block}, which must be aligned
     * @param index which element, from 0
     * @return the value
     * @throws IllegalArgumentException if {@code base} is not a multiple of the alignment
     */
    public long get(MicroBlock block, long base, long index) {
      return read(block, at(base, index));
    }

    private long read(MicroBlock block, long offset) {
      long value = block.getLong(offset);
      return isSwapped ? Long.reverseBytes(value) : value;
    }

    /**
     * Writes the number of an element.
     *
     * @param block the block, which starts with the first element
     * @param index which element, from 0
     * @param value the value
     */
    public void set(MicroBlock block, long index, long value) {
      write(block, at(index), value);
    }

    /**
     * Writes the number of an element.
     *
     * @param block the block
     * @param base the offset of the first element in {@code block}, which must be aligned
     * @param index which element, from 0
     * @param value the value
     * @throws IllegalArgumentException if {@code base} is not a multiple of the alignment
     */
    public void set(MicroBlock block, long base, long index, long value) {
      write(block, at(base, index), value);
    }

    private void write(MicroBlock block, long offset, long value) {
      block.setLong(offset, isSwapped ? Long.reverseBytes(value) : value);
    }
  }

  /** A float in the elements of a block. */
  public static final class OfFloat extends MicroField {
    OfFloat(MicroLayout layout, PathElement... path) {
      super(layout, float.class, path);
    }

    /**
     * Reads the number of an element.
     *
     * @param block the block, which starts with the first element
     * @param index which element, from 0
     * @return the value
     */
    public float get(MicroBlock block, long index) {
      return read(block, at(index));
    }

    /**
     * Reads the number of an element.
     *
     * @param block the block
     * @param base the offset of the first element in {@code block}, which must be aligned
     * @param index which element, from 0
     * @return the value
     * @throws IllegalArgumentException if {@code base} is not a multiple of the alignment
     */
    public float get(MicroBlock block, long base, long index) {
      return read(block, at(base, index));
    }

    private float read(MicroBlock block, long offset) {
      int bits = block.getInt(offset);
      return Float.intBitsToFloat(isSwapped ? Integer.reverseBytes(bits) : bits);
    }

    /**
     * Writes the number of an element.
     *
     * @param block the block, which starts with the first element
     * @param index which element, from 0
     * @param value the value
     */
    public void set(MicroBlock block, long index, float value) {
      write(block, at(index), value);
    }

    /**
     * Writes the number of an element.
     *
     * @param block the block
     * @param base the offset of the first element in {@code block}, which must be aligned
     * @param index which element, from 0
     * @param value the value
     * @throws IllegalArgumentException if {@code base} is not a multiple of the alignment
     */
    public void set(MicroBlock block, long base, long index, float value) {
      write(block, at(base, index), value);
    }

    private void write(MicroBlock block, long offset, float value) {
      int bits = Float.floatToRawIntBits(value);
      block.setInt(offset, isSwapped ? Integer.reverseBytes(bits) : bits);
    }
  }

  /** A double in the elements of a block. */
  public static final class OfDouble extends MicroField {
    OfDouble(MicroLayout layout, PathElement... path) {
      super(layout, double.class, path);
    }

    /**
     * Reads the number of an element.
     *
     * @param block the block, which starts with the first element
     * @param index which element, from 0
     * @return the value
     */
    public double get(MicroBlock block, long index) {
      return read(block, at(index));
    }

    /**
     * Reads the number of an element.
     *
     * @param block the block
     * @param base the offset of the first element in {@code block}, which must be aligned
     * @param index which element, from 0
     * @return the value
     * @throws IllegalArgumentException if {@code base} is not a multiple of the alignment
     */
    public double get(MicroBlock block, long base, long index) {
      return read(block, at(base, index));
    }

    private double read(MicroBlock block, long offset) {
      long bits = block.getLong(offset);
      return Double.longBitsToDouble(isSwapped ? Long.reverseBytes(bits) : bits);
    }

    /**
     * Writes the number of an element.
     *
     * @param block the block, which starts with the first element
     * @param index which element, from 0
     * @param value the value
     */
    public void set(MicroBlock block, long index, double value) {
      write(block, at(index), value);
    }

    /**
     * Writes the number of an element.
     *
     * @param block the block
     * @param base the offset of the first element in {@code block}, which must be aligned
     * @param index which element, from 0
     * @param value the value
     * @throws IllegalArgumentException if {@code base} is not a multiple of the alignment
     */
    public void set(MicroBlock block, long base, long index, double value) {
      write(block, at(base, index), value);
    }

    private void write(MicroBlock block, long offset, double value) {
      long bits = Double.doubleToRawLongBits(value);
      block.setLong(offset, isSwapped ? Long.reverseBytes(bits) : bits);
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.SequenceLayout;
import java.lang.foreign.ValueLayout;

/**
 * The layout of a block's elements: numbers, or structures with numbers in them. A block is an
 * array of elements, aligned as their layout says, since it starts at a page. The fields of a
 * layout read and write one number of an element; with no path, the element itself is the number.
 *
 * <p>
 *
 * {@snippet :
 * static final MicroLayout SAMPLE =
 *     MicroLayout.of(
 *         structLayout(JAVA_LONG.withName("time"), JAVA_DOUBLE.withName("value")));
 * static final MicroField.OfLong TIME = SAMPLE.ofLong(groupElement("time"));
 *
 * MicroBlock samples = calloc(100, SAMPLE);
 * TIME.set(samples, 7, System.nanoTime());
 * }
 *
 * <p>Layouts and fields are immutable and belong to no block, process or thread: they are constants
 * of a class. An access allocates nothing, and is checked as all accesses to a block are.
 */
public final class MicroLayout {
  private final MemoryLayout element;

  /** From one element to the next, in bytes. */
  final int stride;

  private MicroLayout(MemoryLayout element, int stride) {
    this.element = element;
    this.stride = stride;
  }

  /**
   * Makes the layout of blocks with such elements.
   *
   * @param element a number of the types of {@link MicroField}, or a struct, union or sequence. Its
   *     byte order is respected. Padding that its alignment needs between elements is added
   * @return the layout
   * @throws IllegalArgumentException if the element has no bytes or more than 2 GiB, or if its
   *     alignment exceeds a page of 4096 bytes
   */
  public static MicroLayout of(MemoryLayout element) {
    long alignment = element.byteAlignment();
    long bytes = element.byteSize();
    long stride = (bytes + alignment - 1) & -alignment;
    if (bytes == 0 || stride > Integer.MAX_VALUE || alignment > MicroHeap.PAGE_BYTES) {
      throw new IllegalArgumentException(
          element
              + " has "
              + bytes
              + " bytes at multiples of "
              + alignment
              + ": an element has 1 to 2147483647, at multiples of 4096 at most");
    }
    return new MicroLayout(element, (int) stride);
  }

  /** {@return the size of an element in bytes, with the padding to the next one} */
  public long byteSize() {
    return stride;
  }

  long alignment() {
    return element.byteAlignment();
  }

  /** The offset in an element of what is at the end of a path. */
  int offset(PathElement... path) {
    return (int) element.byteOffset(path);
  }

  /** The number at the end of a path, which has an {@link #offset} and must be of that type. */
  ValueLayout value(Class<?> type, PathElement... path) {
    MemoryLayout found = element;
    for (PathElement step : path) { // select takes no path with the index of an element
      found = found instanceof SequenceLayout array ? array.elementLayout() : found.select(step);
    }
    if (found instanceof ValueLayout value && value.carrier() == type) {
      return value;
    }
    throw new IllegalArgumentException(found + " is no " + type);
  }

  /**
   * Finds a byte in an element.
   *
   * @param path where it is in the element, without open sequences
   * @return the field
   * @throws IllegalArgumentException if no byte is there
   */
  public MicroField.OfByte ofByte(PathElement... path) {
    return new MicroField.OfByte(this, path);
  }

  /**
   * Finds a short in an element.
   *
   * @param path where it is in the element, without open sequences
   * @return the field
   * @throws IllegalArgumentException if no short is there
   */
  public MicroField.OfShort ofShort(PathElement... path) {
    return new MicroField.OfShort(this, path);
  }

  /**
   * Finds an int in an element.
   *
   * @param path where it is in the element, without open sequences
   * @return the field
   * @throws IllegalArgumentException if no int is there
   */
  public MicroField.OfInt ofInt(PathElement... path) {
    return new MicroField.OfInt(this, path);
  }

  /**
   * Finds a long in an element.
   *
   * @param path where it is in the element, without open sequences
   * @return the field
   * @throws IllegalArgumentException if no long is there
   */
  public MicroField.OfLong ofLong(PathElement... path) {
    return new MicroField.OfLong(this, path);
  }

  /**
   * Finds a float in an element.
   *
   * @param path where it is in the element, without open sequences
   * @return the field
   * @throws IllegalArgumentException if no float is there
   */
  public MicroField.OfFloat ofFloat(PathElement... path) {
    return new MicroField.OfFloat(this, path);
  }

  /**
   * Finds a double in an element.
   *
   * @param path where it is in the element, without open sequences
   * @return the field
   * @throws IllegalArgumentException if no double is there
   */
  public MicroField.OfDouble ofDouble(PathElement... path) {
    return new MicroField.OfDouble(this, path);
  }

  @Override
  public String toString() {
    return "layout of " + element;
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static java.lang.foreign.MemoryLayout.PathElement.sequenceElement;
import static java.lang.foreign.MemoryLayout.sequenceLayout;
import static java.lang.foreign.MemoryLayout.structLayout;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_CHAR;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.sun.management.ThreadMXBean;
import dev.weft.internal.mem.PagePool;
import java.lang.foreign.MemoryLayout;
import java.lang.management.ManagementFactory;
import java.nio.ByteOrder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Typed access to blocks. */
@Tag("mode-independent")
class MicroLayoutTest {
  private static final int PAGE = 4096;
  private static final String ME = "me";

  private static final MicroLayout STRUCT =
      MicroLayout.of(
          structLayout(
              JAVA_LONG.withName("time"),
              sequenceLayout(3, JAVA_SHORT).withName("marks"),
              JAVA_BYTE.withName("kind")));

  private static final MicroField.OfLong TIME = STRUCT.ofLong(groupElement("time"));
  private static final MicroField.OfShort LAST_MARK =
      STRUCT.ofShort(groupElement("marks"), sequenceElement(2));
  private static final MicroField.OfByte KIND = STRUCT.ofByte(groupElement("kind"));

  private final PagePool pool = PagePool.open(64 * PAGE, false);
  private final MicroHeap heap = new MicroHeap(pool, 8);

  @AfterEach
  void close() {
    heap.close();
    pool.close();
  }

  private MicroBlock take(long bytes) {
    MicroBlock block = heap.calloc(ME, bytes);
    assertNotNull(block);
    return block;
  }

  @Test
  void theNumbersOfAnElementAreWhereItsLayoutSays() {
    MicroBlock block = take(3 * STRUCT.byteSize());

    TIME.set(block, 2, 1L << 40);
    LAST_MARK.set(block, 2, (short) -2);
    KIND.set(block, 2, (byte) 3);

    assertEquals(16, STRUCT.byteSize(), "15 and the padding to the next long");
    assertEquals(1L << 40, block.getLong(32));
    assertEquals(-2, block.getShort(44));
    assertEquals(3, block.getByte(46));
    assertEquals(1L << 40, TIME.get(block, 2));
    assertEquals(-2, LAST_MARK.get(block, 2));
    assertEquals(3, KIND.get(block, 2));
    assertEquals(0, TIME.get(block, 1));
  }

  @Test
  void aBlockIsAnArrayOfNumbersOfEachType() {
    MicroBlock block = take(64);

    MicroLayout.of(JAVA_BYTE).ofByte().set(block, 5, Byte.MIN_VALUE);
    assertEquals(Byte.MIN_VALUE, MicroLayout.of(JAVA_BYTE).ofByte().get(block, 5));
    MicroLayout.of(JAVA_SHORT).ofShort().set(block, 5, Short.MIN_VALUE);
    assertEquals(Short.MIN_VALUE, MicroLayout.of(JAVA_SHORT).ofShort().get(block, 5));
    MicroLayout.of(JAVA_INT).ofInt().set(block, 5, Integer.MIN_VALUE);
    assertEquals(Integer.MIN_VALUE, MicroLayout.of(JAVA_INT).ofInt().get(block, 5));
    MicroLayout.of(JAVA_LONG).ofLong().set(block, 5, Long.MIN_VALUE);
    assertEquals(Long.MIN_VALUE, MicroLayout.of(JAVA_LONG).ofLong().get(block, 5));
    MicroLayout.of(JAVA_FLOAT).ofFloat().set(block, 5, Float.MIN_VALUE);
    assertEquals(Float.MIN_VALUE, MicroLayout.of(JAVA_FLOAT).ofFloat().get(block, 5));
    MicroLayout.of(JAVA_DOUBLE).ofDouble().set(block, 5, Double.MIN_VALUE);
    assertEquals(Double.MIN_VALUE, MicroLayout.of(JAVA_DOUBLE).ofDouble().get(block, 5));
    assertEquals(Double.doubleToRawLongBits(Double.MIN_VALUE), block.getLong(40));
  }

  @Test
  void theByteOrderOfTheLayoutIsRespected() {
    MicroBlock block = take(8);
    ByteOrder order = ByteOrder.BIG_ENDIAN;

    MicroLayout.of(JAVA_SHORT.withOrder(order)).ofShort().set(block, 0, (short) 0x0102);
    assertEquals(1, block.getByte(0));
    assertEquals(0x0102, MicroLayout.of(JAVA_SHORT.withOrder(order)).ofShort().get(block, 0));
    MicroLayout.of(JAVA_INT.withOrder(order)).ofInt().set(block, 0, 2);
    assertEquals(2, block.getByte(3));
    assertEquals(2, MicroLayout.of(JAVA_INT.withOrder(order)).ofInt().get(block, 0));
    MicroLayout.of(JAVA_LONG.withOrder(order)).ofLong().set(block, 0, 3);
    assertEquals(3, block.getByte(7));
    assertEquals(3, MicroLayout.of(JAVA_LONG.withOrder(order)).ofLong().get(block, 0));
    MicroLayout.of(JAVA_FLOAT.withOrder(order)).ofFloat().set(block, 0, 2);
    assertEquals(0x40, block.getByte(0));
    assertEquals(2, MicroLayout.of(JAVA_FLOAT.withOrder(order)).ofFloat().get(block, 0));
    MicroLayout.of(JAVA_DOUBLE.withOrder(order)).ofDouble().set(block, 0, 2);
    assertEquals(0x40, block.getByte(0));
    assertEquals(2, MicroLayout.of(JAVA_DOUBLE.withOrder(order)).ofDouble().get(block, 0));
  }

  @Test
  void elementsMayStartBehindTheStartOfABlock() {
    MicroBlock block = take(40);

    TIME.set(block, 8, 1, 7);

    assertEquals(7, block.getLong(24));
    assertEquals(7, TIME.get(block, 8, 1));
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> TIME.get(block, 4, 0));
    assertEquals("elements at 4 are not at a multiple of 8", e.getMessage());
  }

  @Test
  void anUnalignedNumberMayBeAnywhere() {
    MicroBlock block = take(8);

    MicroLayout.of(JAVA_INT_UNALIGNED).ofInt().set(block, 3, 0, 9);

    assertEquals(9, block.getInt(3));
  }

  @Test
  void everyElementIsWithinTheBlock() {
    MicroBlock block = take(2 * STRUCT.byteSize());

    for (long index : new long[] {2, -1, 1L << 31, 1L << 32, Long.MIN_VALUE, Long.MAX_VALUE}) {
      assertThrows(IndexOutOfBoundsException.class, () -> TIME.get(block, index), "at " + index);
      assertThrows(IndexOutOfBoundsException.class, () -> KIND.set(block, 0, index, (byte) 1));
    }
    for (long base : new long[] {32, -8, 1L << 48, Long.MIN_VALUE, Long.MAX_VALUE - 7}) {
      assertThrows(IndexOutOfBoundsException.class, () -> TIME.get(block, base, 0), "at " + base);
      assertThrows(
          IndexOutOfBoundsException.class,
          () -> TIME.get(block, base, (1L << 32) - 1),
          "at " + base);
    }
    assertEquals(0, KIND.get(block, 1));
  }

  @Test
  void afterItsEndOrOutsideItsProcessABlockHasNoElements() {
    MicroBlock block = take(STRUCT.byteSize());
    heap.active = false;
    assertThrows(IllegalStateException.class, () -> TIME.get(block, 0));
    heap.active = true;
    heap.free(ME);

    assertThrows(IllegalStateException.class, () -> TIME.get(block, 0));
    assertThrows(IllegalStateException.class, () -> TIME.set(block, 0, 1));
  }

  private static String refused(MemoryLayout element) {
    return assertThrows(IllegalArgumentException.class, () -> MicroLayout.of(element)).getMessage();
  }

  @Test
  void whatNoBlockCanHoldIsNoLayout() {
    assertEquals(
        "[] has 0 bytes at multiples of 1: an element has 1 to 2147483647, at multiples of 4096 at"
            + " most",
        refused(structLayout()));
    refused(sequenceLayout(1L << 31, JAVA_BYTE));
    refused(JAVA_INT.withByteAlignment(8192));
    assertEquals(4096, MicroLayout.of(JAVA_INT.withByteAlignment(4096)).byteSize());
  }

  @Test
  void aFieldIsANumberOfItsType() {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> STRUCT.ofInt(groupElement("time")));
    assertEquals("j8(time) is no int", e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> STRUCT.ofLong());
    assertThrows(IllegalArgumentException.class, () -> STRUCT.ofLong(groupElement("none")));
    assertThrows(
        IllegalArgumentException.class,
        () -> STRUCT.ofShort(groupElement("marks"), sequenceElement()));
    assertThrows(IllegalArgumentException.class, () -> MicroLayout.of(JAVA_CHAR).ofShort());
  }

  @Test
  void anAccessAllocatesNothing() {
    MicroBlock block = take(100 * STRUCT.byteSize());
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long allocated = Long.MAX_VALUE;
    for (int window = 0; window < 400 && allocated > 0; window++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 100; i++) {
        TIME.set(block, i, TIME.get(block, i) + 1);
      }
      allocated = threads.getCurrentThreadAllocatedBytes() - before;
    }

    assertEquals(0, allocated);
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.internal.mem.PagePool;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Blocks of memory, and who may use them until when. */
@Tag("mode-independent")
class MicroHeapTest {
  private static final int PAGE = 4096;
  private static final String ME = "me";
  private static final String OTHER = "other";

  private final PagePool pool = PagePool.open(64 * PAGE, false);
  private final MicroHeap heap = new MicroHeap(pool, 8);

  @AfterEach
  void close() {
    heap.close();
    pool.close();
  }

  private MicroBlock take(Object owner, long bytes) {
    MicroBlock block = heap.calloc(owner, bytes);
    assertNotNull(block);
    return block;
  }

  @Test
  void blocksAreOnPagesOfTheirOwnAndTheHighWaterMarkStays() {
    MicroBlock one = take(ME, 1);
    MicroBlock two = take(ME, PAGE + 1);

    assertEquals(0, one.start() % PAGE);
    assertEquals(one.start() + PAGE, two.start());
    assertEquals(3, heap.usedPages());

    assertTrue(heap.free(ME));
    assertTrue(heap.free(ME));

    assertEquals(0, heap.usedPages());
    assertEquals(3, heap.highWaterPages());
  }

  @Test
  void memoryIsZeroedEachTime() {
    for (int bytes : new int[] {8, 64, 255, 256, 257, PAGE, 3 * PAGE}) {
      take(ME, bytes).fill((byte) -1);
      heap.free(ME);

      MicroBlock again = take(ME, bytes);
      for (int i = 0; i < bytes; i++) {
        assertEquals(0, again.getByte(i), "byte " + i + " of " + bytes);
      }
      heap.free(ME);
    }
  }

  @Test
  void aFullHeapTellsHowManyPagesWouldDo() {
    take(ME, 3 * PAGE);

    assertNull(heap.calloc(ME, 6 * PAGE));

    assertEquals(9, heap.neededPages(6 * PAGE));
    assertEquals(9, heap.neededPages(6 * PAGE - 1));
    assertNull(heap.calloc(ME, Long.MAX_VALUE));
    assertNull(heap.calloc(ME, -1));
    assertNotNull(heap.calloc(ME, 5 * PAGE));
  }

  @Test
  void aBlockWithoutBytesTakesNoPage() {
    MicroBlock nothing = take(ME, 0);

    assertEquals(0, nothing.byteSize());
    assertEquals(0, heap.usedPages());
    assertThrows(IndexOutOfBoundsException.class, () -> nothing.getByte(0));
    assertTrue(heap.free(ME));
  }

  @Test
  void eachOwnerFreesItsOwnBlocksWhoeverCameLater() {
    MicroBlock mine = take(ME, 1);
    MicroBlock others = take(OTHER, 1);

    assertTrue(heap.free(ME));

    assertFalse(mine.isLive());
    assertTrue(others.isLive());
    assertEquals(2, heap.usedPages(), "its page is below a live one");
    assertTrue(heap.free(OTHER));
    assertEquals(0, heap.usedPages());
    assertFalse(heap.free(ME));
  }

  @Test
  void aBlockThatHasNoRoomOnTopTakesThePlaceOfDeadOnes() {
    MicroBlock first = take(ME, PAGE);
    take(ME, 2 * PAGE);
    MicroBlock others = take(OTHER, 5 * PAGE);
    heap.free(ME);
    heap.free(ME);

    MicroBlock again = take(ME, 3 * PAGE);

    assertEquals(first.start(), again.start());
    assertTrue(heap.free(ME));
    assertFalse(again.isLive());
    assertTrue(others.isLive());
    assertNull(heap.calloc(ME, 3 * PAGE + 1));
    assertTrue(heap.free(OTHER));
    assertEquals(0, heap.usedPages());
  }

  @Test
  void nothingIsPutBelowAnOlderBlockOfItsOwner() {
    take(OTHER, PAGE);
    MicroBlock mine = take(ME, 7 * PAGE);
    heap.free(OTHER);

    assertNull(heap.calloc(ME, PAGE), "it would be below an older one of its owner");

    assertTrue(mine.isLive());
    assertNull(heap.calloc(OTHER, PAGE + 1));
    assertNotNull(heap.calloc(OTHER, PAGE));
  }

  @Test
  void everyAccessIsWithinTheBlock() {
    MicroBlock block = take(ME, 8);

    assertThrows(IndexOutOfBoundsException.class, () -> block.getLong(1));
    assertThrows(IndexOutOfBoundsException.class, () -> block.setByte(8, (byte) 1));
    assertThrows(IndexOutOfBoundsException.class, () -> block.getByte(-1));
    assertThrows(IndexOutOfBoundsException.class, () -> block.setInt(Long.MAX_VALUE, 1));
    assertThrows(IndexOutOfBoundsException.class, () -> block.set(4, new byte[5]));
    assertThrows(IndexOutOfBoundsException.class, () -> block.setString("123456789"));
    assertThrows(IndexOutOfBoundsException.class, () -> block.toArray(0, 9));
    assertThrows(IndexOutOfBoundsException.class, () -> block.toArray(0, Integer.MAX_VALUE));
    assertThrows(IndexOutOfBoundsException.class, () -> block.toArray(0, -1));
    block.setLong(0, 1);
    assertEquals(1, block.getLong(0));
  }

  @Test
  void aFreedBlockIsDeadAlthoughItsPlaceIsTakenAgain() {
    MicroBlock block = take(ME, 8);
    heap.free(ME);
    MicroBlock successor = take(ME, 8);

    assertEquals(successor.start(), block.start());
    assertThrows(IllegalStateException.class, () -> block.setLong(0, 1));
    assertThrows(IllegalStateException.class, block::byteSize);
    assertEquals(0, successor.getLong(0));
  }

  @Test
  void aBlockIsDeadWhileItsProcessDoesNotRun() {
    MicroBlock block = take(ME, 8);
    heap.active = false;

    assertThrows(IllegalStateException.class, () -> block.getLong(0));

    heap.active = true;
    assertEquals(0, block.getLong(0));
  }

  @Test
  void aSegmentDiesWithItsBlock() {
    MicroBlock block = take(ME, 8);
    MemorySegment segment = block.segment();
    block.setLong(0, 42);

    assertEquals(42, segment.get(ValueLayout.JAVA_LONG, 0));
    heap.free(ME);

    assertThrows(IllegalStateException.class, () -> segment.get(ValueLayout.JAVA_LONG, 0));
  }

  @Test
  void aHeapGoesBackInOneStepAndItsBlocksAreDead() {
    MicroHeap other = new MicroHeap(pool, 2);
    MicroBlock block = other.calloc(ME, 8);
    assertNotNull(block);

    other.close();

    assertThrows(IllegalStateException.class, () -> block.getLong(0));
    assertNull(other.calloc(ME, 8));
    assertThrows(IllegalStateException.class, pool::close); // because of the first heap only
    heap.close();
    pool.close();
  }

  @Test
  void blocksComeFromOneMappingAgainAndAgain() {
    for (int i = 0; i < 1000; i++) {
      MicroHeap one = new MicroHeap(pool, 10);
      MicroHeap other = new MicroHeap(pool, 20);
      assertNotNull(one.calloc(ME, 1));
      assertNotNull(other.calloc(ME, 1));
      one.close();
      other.close();
    }

    assertEquals(1, pool.mappings());
    MicroHeap large = new MicroHeap(pool, 100); // more than is left
    assertNotNull(large.calloc(ME, 1));
    assertEquals(2, pool.mappings());
    large.close();
  }

  @Test
  void aHeapHasNoPagesBeforeItsFirstBlockAndNoneWhenItRestsWithoutAny() {
    assertEquals(0, pool.takenPages());
    take(ME, PAGE + 1);
    heap.releaseIfIdle();
    assertEquals(8, pool.takenPages());
    assertEquals(2, heap.residentPages());

    heap.free(ME);
    heap.releaseIfIdle();

    assertEquals(0, pool.takenPages());
    assertEquals(0, heap.residentPages());
    assertEquals(2, heap.highWaterPages());
    take(ME, 8 * PAGE);
  }

  @Test
  void reservedPagesCountAsUsedButAreNotTaken() {
    assertTrue(heap.control.reservePages(4));

    assertEquals(4, heap.usedPages());
    assertEquals(0, pool.takenPages());
    assertNull(heap.calloc(ME, 4 * PAGE + 1));
    take(ME, 4 * PAGE);
    assertFalse(heap.control.reservePages(4));
    heap.control.unreservePages(4);
    assertTrue(heap.free(ME));
    take(ME, 8 * PAGE);
  }

  @Test
  void hugePagesServeLikeOthers() {
    try (PagePool huge = PagePool.open(1, true)) {
      MicroHeap large = new MicroHeap(huge, 512);
      MicroBlock block = large.calloc(ME, 512L * PAGE);
      assertNotNull(block);
      block.setByte(512L * PAGE - 1, (byte) 1);
      large.close();
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import static dev.weft.framing.Peers.bytes;
import static dev.weft.framing.Peers.room;
import static dev.weft.framing.Peers.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("mode-independent")
class SegmentListTest {
  @Test
  void segmentsAndSkippedPlacesKeepTheirOrder() {
    MemorySegment first = room(3);
    SegmentList list = new SegmentList().add(first).skip(7);
    for (int i = 0; i < 10; i++) {
      list.add(room(i));
    }

    assertEquals(12, list.size());
    assertEquals(3 + 7 + 45, list.byteSize());
    assertEquals(first, list.segment(0));
    assertNull(list.segment(1));
    assertEquals(7, list.byteSize(1));
    assertEquals(9, list.byteSize(11));
    assertThrows(IndexOutOfBoundsException.class, () -> list.segment(12));
    assertThrows(IndexOutOfBoundsException.class, () -> list.byteSize(-1));
    assertEquals("[3, skip 7, 4] bytes", SegmentList.of(first).skip(7).add(room(4)).toString());
  }

  @Test
  void aListIsUsedAgainAfterItIsCleared() {
    SegmentList list = SegmentList.of(room(1), room(2)).clear().add(room(5));

    assertEquals(1, list.size());
    assertEquals(5, list.byteSize());
    assertThrows(IndexOutOfBoundsException.class, () -> list.segment(1));
  }

  @Test
  void theSumOfTheSizesDoesNotOverflow() {
    SegmentList list = new SegmentList().skip(Long.MAX_VALUE).skip(Long.MAX_VALUE).add(room(1));
    assertEquals(Long.MAX_VALUE, list.byteSize());
  }

  @Test
  void bytesAreCopiedInAndOut() {
    MemorySegment left = room(2);
    MemorySegment right = room(3);

    new SegmentList().add(left).skip(2).add(right).copyFrom(bytes("ab--cd"));
    MemorySegment all = room(5);
    SegmentList.of(left, right).copyTo(all);

    assertEquals("abcd\0", text(all));
  }

  @Test
  void whatCantBeDoneIsRefused() {
    SegmentList skipping = new SegmentList().skip(2);
    MemorySegment heap = MemorySegment.ofArray(new byte[1]);

    assertThrows(IllegalArgumentException.class, () -> skipping.copyTo(room(2)));
    assertThrows(IllegalArgumentException.class, () -> skipping.skip(-1));
    assertThrows(IllegalArgumentException.class, () -> skipping.add(heap));
    assertThrows(IndexOutOfBoundsException.class, () -> skipping.copyFrom(room(3)));
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The slots of a table that grows. */
@Tag("mode-independent")
class SlotAllocatorTest {
  @Test
  void freedSlotsAreTakenFirstAndTheLastOneFirst() {
    SlotAllocator slots = new SlotAllocator(4);
    for (int slot = 0; slot < 3; slot++) {
      assertEquals(slot, slots.take());
    }
    slots.free(0);
    slots.free(1);

    assertEquals(1, slots.live());
    assertEquals(1, slots.take());
    assertEquals(0, slots.take());
    assertEquals(3, slots.take());
    assertEquals(4, slots.live());
  }

  @Test
  void aFullAllocatorHasRoomAgainOnceItHasGrownOrASlotIsFree() {
    SlotAllocator slots = new SlotAllocator(2);
    slots.take();
    assertFalse(slots.isFull());
    slots.take();
    assertTrue(slots.isFull());

    slots.free(0);
    assertFalse(slots.isFull());
    assertEquals(0, slots.take());
    slots.grow(3);

    assertFalse(slots.isFull());
    assertEquals(2, slots.take());
    assertEquals(3, slots.used());
  }
}

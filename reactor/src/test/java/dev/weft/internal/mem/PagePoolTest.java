// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.mem;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Runs of pages, and which of them stay resident. */
@Tag("mode-independent")
class PagePoolTest {
  private static final int PAGES = 4;
  private static final int EXTRA = 10;

  @Test
  void ofTheFreeRunsTheOldestAreNotResident() {
    int runs = PagePool.IDLE_PAGES_MAX / PAGES + EXTRA;
    long[] addresses = new long[runs];
    try (PagePool pool = PagePool.open((long) runs * PAGES * Pages.PAGE_BYTES, false)) {
      PageRunFreeList list = pool.freeList(PAGES);
      for (int i = 0; i < runs; i++) {
        addresses[i] = pool.take(list);
        Memory.ALL.set(ValueLayout.JAVA_LONG, addresses[i], i + 1L);
      }
      for (long address : addresses) {
        pool.give(list, address, PAGES);
      }

      assertEquals(PagePool.IDLE_PAGES_MAX, pool.idlePages());
      for (int i = 0; i < runs; i++) {
        long expected = i < EXTRA ? 0 : i + 1L;
        assertEquals(expected, Memory.ALL.get(ValueLayout.JAVA_LONG, addresses[i]), "run " + i);
      }
      for (int i = runs; i-- > 0; ) {
        assertEquals(addresses[i], pool.take(list)); // last in, first out
      }
      assertEquals(0, pool.idlePages());
    }
  }

  @Test
  void aPoolWithAUserIsNotClosed() {
    PagePool pool = PagePool.open(PAGES * Pages.PAGE_BYTES, false);
    pool.userOpened();

    assertThrows(IllegalStateException.class, pool::close);

    pool.userClosed();
    pool.close();
  }
}

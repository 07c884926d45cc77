// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.io;

import dev.weft.internal.mem.PagePool;
import dev.weft.internal.mem.PageRunFreeList;

/**
 * The memory of byte rings and of provided buffers, which are of one length: a ring adopts a
 * buffer.
 */
public final class RingMemory {
  private final PagePool pool;
  private final PageRunFreeList runs;

  public RingMemory(PagePool pool) {
    this.pool = pool;
    runs = pool.freeList(ByteRing.PAGES);
  }

  /** Takes memory for one ring, with arbitrary contents; returns its address. */
  public long take() {
    return pool.take(runs);
  }

  public void give(long address) {
    pool.give(runs, address, ByteRing.PAGES);
  }
}

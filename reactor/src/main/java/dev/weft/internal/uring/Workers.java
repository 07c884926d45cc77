// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.weft.bindings.weft_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * How many threads the kernel may start to open files, and to read and write regular ones. Its own
 * limit is 4 for each CPU, and no more than the submission queue has entries: as many opens of
 * named pipes that wait for their other ends would keep out what opens those.
 */
public final class Workers {
  private static final int KINDS = 2; // bounded and unbounded ones

  /** How many are to be left for what does not wait for others. */
  private static final int SPARE = 4;

  private final MemorySegment ring;
  private final MemorySegment limits;
  private int blocking;

  /** How many may be blocked before the kernel has to be asked for more. */
  private int room;

  Workers(MemorySegment ring, Arena arena) {
    this.ring = ring;
    limits = arena.allocate(JAVA_INT, KINDS);
  }

  /** One more operation may block for long; {@link #adapt} before it is submitted. */
  public void beginBlocking() {
    blocking++;
  }

  public void endBlocking() {
    assert blocking > 0 : blocking;
    blocking--;
  }

  /** Asks the kernel for more threads, if there may not be enough. On the ring's thread. */
  public void adapt() {
    if (blocking > room) {
      grow();
    }
  }

  private void grow() {
    int present = setLimit(0); // which only asks
    int wanted = blocking + SPARE;
    if (present >= 0 && present < wanted) {
      // Twice as many, so that it is not asked each time. The kernel takes no more than
      // RLIMIT_NPROC; beyond that they wait for each other.
      present = 2 * wanted;
      setLimit(present);
    }
    room = present < 0 ? Integer.MAX_VALUE : present - SPARE;
  }

  /** Sets the limit, unless it is 0; returns what it was, or -errno. */
  private int setLimit(int bounded) {
    limits.setAtIndex(JAVA_INT, 0, bounded);
    limits.setAtIndex(JAVA_INT, 1, 0);
    int result = weft_h.io_uring_register_iowq_max_workers(ring, limits);
    return result < 0 ? result : limits.getAtIndex(JAVA_INT, 0);
  }
}

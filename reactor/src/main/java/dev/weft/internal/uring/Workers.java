// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.weft.bindings.weft_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Adapts the limit of the kernel's worker threads, which open files, and read and write regular
 * files. The kernel's default is 4 per CPU, at most the size of the submission queue. That many
 * opens of named pipes that wait for their other ends would block the opens of those ends.
 */
public final class Workers {
  private static final int KINDS = 2; // bounded and unbounded workers

  /** The number of workers to keep free for operations that do not block for long. */
  private static final int SPARE = 4;

  private final MemorySegment ring;
  private final MemorySegment limits;
  private int blocking;

  /** How many workers can be blocked before the limit has to be raised. */
  private int room;

  Workers(MemorySegment ring, Arena arena) {
    this.ring = ring;
    limits = arena.allocate(JAVA_INT, KINDS);
  }

  /** Counts an operation that can block for long; call {@link #adapt} before it is submitted. */
  public void beginBlocking() {
    blocking++;
  }

  public void endBlocking() {
    assert blocking > 0 : blocking;
    blocking--;
  }

  /** Raises the kernel's limit if necessary. Called on the ring's thread. */
  public void adapt() {
    if (blocking > room) {
      grow();
    }
  }

  private void grow() {
    int present = setLimit(0); // only reads the limit
    int wanted = blocking + SPARE;
    if (present >= 0 && present < wanted) {
      // Twice as many, so that the limit is not changed each time. The kernel allows at most
      // RLIMIT_NPROC; beyond that, operations wait for each other.
      present = 2 * wanted;
      setLimit(present);
    }
    room = present < 0 ? Integer.MAX_VALUE : present - SPARE;
  }

  /** Sets the limit unless {@code bounded} is 0; returns the old limit, or -errno. */
  private int setLimit(int bounded) {
    limits.setAtIndex(JAVA_INT, 0, bounded);
    limits.setAtIndex(JAVA_INT, 1, 0);
    int result = weft_h.io_uring_register_iowq_max_workers(ring, limits);
    return result < 0 ? result : limits.getAtIndex(JAVA_INT, 0);
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.weft.bindings.weft_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

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

  /** Whether the limit may be raised: it is the kernel's. */
  private final boolean adapts;

  private int blocking;

  /**
   * The limits before {@link #limit}, which hold for all rings of the thread; null if unchanged.
   */
  private int @Nullable [] before;

  /** How many workers can be blocked before the limit has to be raised. */
  private int room;

  Workers(MemorySegment ring, Arena arena, boolean adapts) {
    this.ring = ring;
    this.adapts = adapts;
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

  /** The limits of bounded and of unbounded workers. */
  int[] limits() {
    set(0, 0);
    return limits.toArray(JAVA_INT);
  }

  /** Raises the kernel's limit if necessary. Called on the ring's thread. */
  public void adapt() {
    if (adapts && blocking > room) {
      grow();
    }
  }

  private void grow() {
    int present = set(0, 0); // only reads the limit
    int wanted = blocking + SPARE;
    if (present >= 0 && present < wanted) {
      // Twice as many, so that the limit is not changed each time. The kernel allows at most
      // RLIMIT_NPROC; beyond that, operations wait for each other.
      present = 2 * wanted;
      set(present, 0);
    }
    room = present < 0 ? Integer.MAX_VALUE : present - SPARE;
  }

  /** Sets limits; 0 leaves one as it is. */
  void limit(int bounded, int unbounded) {
    if (set(bounded, unbounded) >= 0) { // the kernel has known it since Linux 5.15
      before = limits.toArray(JAVA_INT);
    }
  }

  /** Undoes {@link #limit}. */
  void restore() {
    int[] old = before;
    if (old != null) {
      before = null;
      set(old[0], old[1]);
    }
  }

  /** Sets the limits that are not 0; returns the old one of bounded workers, or -errno. */
  private int set(int bounded, int unbounded) {
    limits.setAtIndex(JAVA_INT, 0, bounded);
    limits.setAtIndex(JAVA_INT, 1, unbounded);
    int result = weft_h.io_uring_register_iowq_max_workers(ring, limits);
    return result < 0 ? result : limits.getAtIndex(JAVA_INT, 0);
  }
}

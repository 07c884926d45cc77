// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.internal.queue.IntDeque;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The part of a loop that knows its strands by number, and which of them is running. What changes
 * at each switch is numbers: a reference that is stored costs the collector's barrier, the dearest
 * part of a switch.
 */
public abstract class StrandTable {
  /** No strand. */
  static final int NONE = IntDeque.NONE;

  /** The number of a strand that has none, because it is new or has ended. */
  static final int UNLISTED = -2;

  private static final int FEW = 16;

  private final Thread thread = Thread.currentThread();

  /** Those that have not ended, at their numbers. */
  private @Nullable Strand[] strands = new @Nullable Strand[FEW];

  /**
   * The numbers that are not in use, the next to be given last. Has room for all, so that {@link
   * #remove} allocates nothing.
   */
  private int[] free = new int[FEW];

  private int freeCount;

  /** How many numbers have ever been given. */
  private int given;

  /** The number of the strand that runs, or {@link #NONE}. */
  private int current = NONE;

  /** Whether that one does without a stack: one with a thread is on that, not on this one. */
  private boolean currentIsStackless;

  /**
   * The thread whose code the reactor's thread is running, if it is not itself. Other threads may
   * read it, but only to compare it with themselves, and it is never them: plain access will do.
   */
  private @Nullable Thread currentThread;

  /** The thread that the loop runs on, which has made it. */
  public final Thread thread() {
    return thread;
  }

  // ---- those that have not ended

  /** Gives {@code strand} a number. If memory is short, it throws and the table is as before. */
  final int add(Strand strand) {
    if (freeCount == 0 && given == strands.length) {
      @Nullable Strand[] larger = Arrays.copyOf(strands, given * 2);
      free = Arrays.copyOf(free, given * 2);
      strands = larger;
    }
    int slot = freeCount > 0 ? free[--freeCount] : given++;
    strands[slot] = strand;
    return slot;
  }

  /** Takes the number of an ended strand back. */
  final void remove(int slot) {
    strands[slot] = null;
    free[freeCount++] = slot;
  }

  /** The strand of that number, which is in use. */
  final Strand at(int slot) {
    Strand strand = strands[slot];
    assert strand != null : slot;
    return strand;
  }

  public final int live() {
    return given - freeCount;
  }

  /** Calls {@code action} with each strand, which must not end one. */
  public final void forEachLive(Consumer<Strand> action) {
    for (int slot = given - 1; slot >= 0; slot--) {
      Strand strand = strands[slot];
      if (strand != null) {
        action.accept(strand);
      }
    }
  }

  // ---- the one that runs

  /** Runs {@code strand} until it suspends or ends. */
  final void run(Strand strand) {
    current = strand.slot;
    if (strand.isStackless()) {
      currentIsStackless = true;
      strand.run();
      currentIsStackless = false;
    } else {
      currentThread = strand.thread();
      strand.run();
      currentThread = null;
    }
    current = NONE;
  }

  /** Whether the calling code runs on the reactor's thread, in a strand or outside. */
  final boolean isOnThread() {
    Thread caller = Thread.currentThread();
    return caller == thread || caller == currentThread;
  }

  final boolean isCurrent(Strand strand) {
    return strand.runsIn().slot == current;
  }

  /** The strand that the loop runs, or null. Any thread, to look at. */
  final @Nullable public Strand currentStrand() {
    @Nullable Strand[] seen = strands;
    int slot = current;
    return slot >= 0 && slot < seen.length ? seen[slot] : null;
  }

  /**
   * The stackless strand whose own code is running on the calling thread. Most calls begin with
   * this; null says no more than that one has to search.
   */
  static @Nullable Strand simple() {
    Thread caller = Thread.currentThread();
    StrandTable loop = LoopRegistry.near(caller);
    return loop != null ? loop.simpleOn(caller) : null;
  }

  /** As {@link #simple}, if it is one of this loop. */
  final @Nullable Strand ownSimple() {
    return simpleOn(Thread.currentThread());
  }

  private @Nullable Strand simpleOn(Thread caller) {
    Strand strand = caller == thread ? stackless() : null;
    return strand != null && strand.host == null ? strand : null;
  }

  /** The stackless strand that is running on {@code thread}, the calling one, or null. */
  static @Nullable Strand stacklessOn(Thread thread) {
    StrandTable loop = LoopRegistry.get(thread);
    return loop == null ? null : loop.stackless();
  }

  private @Nullable Strand stackless() {
    return currentIsStackless ? strands[current] : null;
  }
}

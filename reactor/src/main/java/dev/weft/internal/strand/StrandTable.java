// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.internal.queue.IntDeque;
import dev.weft.internal.queue.SlotAllocator;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The part of a loop that numbers its strands (slots) and knows which one runs. A switch stores
 * only numbers: storing a reference costs a GC barrier, the most expensive part of a switch.
 *
 * <p>It is the loop's superclass and not a field of it, because each suspending call and each
 * switch would have to load that field: the woven yield of the benchmark ContextSwitch then took
 * 0.9 ns more than its 6.5 ns.
 */
public abstract class StrandTable {
  /** No strand. */
  static final int NONE = IntDeque.NONE;

  /** The slot of a strand that is not in the table, because it is new or has ended. */
  static final int UNLISTED = -2;

  private static final int FEW = 16;

  private final Thread thread = Thread.currentThread();

  /** The strands that have not ended, by slot. */
  private @Nullable Strand[] strands = new @Nullable Strand[FEW];

  private final SlotAllocator slots = new SlotAllocator(FEW);

  /** Whether a strand is READY but not in the run queue: {@link Strand#isUnqueued}. */
  boolean hasUnqueued;

  /** The slot of the running strand, or {@link #NONE}. */
  private int current = NONE;

  /** Whether the running strand is stackless: others run on their own thread. */
  private boolean currentIsStackless;

  /**
   * The virtual thread that the reactor's thread is running, or null. Other threads only compare it
   * with themselves, and it never is them, so plain access is enough.
   */
  private @Nullable Thread currentThread;

  /** The thread that made the loop and runs it. */
  public final Thread thread() {
    return thread;
  }

  // ---- the strands that have not ended

  /** Adds {@code strand}; returns its slot. If memory is short, throws and changes nothing. */
  final int add(Strand strand) {
    if (slots.isFull()) {
      @Nullable Strand[] larger = Arrays.copyOf(strands, strands.length * 2);
      slots.grow(larger.length);
      strands = larger;
    }
    int slot = slots.take();
    strands[slot] = strand;
    return slot;
  }

  /** Frees the slot of an ended strand. */
  final void remove(int slot) {
    strands[slot] = null;
    slots.free(slot);
  }

  /** The strand in {@code slot}, which is in use. */
  final Strand at(int slot) {
    Strand strand = strands[slot];
    assert strand != null : slot;
    return strand;
  }

  public final int live() {
    return slots.live();
  }

  /** Calls {@code action} with each strand; the action must not end one. */
  public final void forEachLive(Consumer<Strand> action) {
    for (int slot = slots.used() - 1; slot >= 0; slot--) {
      Strand strand = strands[slot];
      if (strand != null) {
        action.accept(strand);
      }
    }
  }

  /** Adds the strands to the run queue that {@link #hasUnqueued} is about. */
  final void enqueueLate(HostedStrands hosted) {
    hasUnqueued = false;
    forEachLive(Strand::enqueueLate);
    hosted.forEach(Strand::enqueueLate);
  }

  // ---- the running strand

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

  /** Whether the caller runs on the reactor's thread, in a strand or outside. */
  public final boolean isOnThread() {
    Thread caller = Thread.currentThread();
    return caller == thread || caller == currentThread;
  }

  final boolean isCurrent(Strand strand) {
    return strand.runsIn().slot == current;
  }

  /** The running strand, or null. May be called from any thread; the result can be stale. */
  final @Nullable public Strand currentStrand() {
    @Nullable Strand[] seen = strands;
    int slot = current;
    return slot >= 0 && slot < seen.length ? seen[slot] : null;
  }

  /**
   * The stackless strand without hosted strands that runs on the calling thread. This is the fast
   * path of most calls; null means that the caller has to search.
   */
  static @Nullable Strand fastCurrent() {
    Thread caller = Thread.currentThread();
    StrandTable loop = LoopRegistry.cached(caller);
    return loop != null ? loop.fastCurrentOn(caller) : null;
  }

  /** As {@link #fastCurrent}, but only for strands of this loop. */
  final @Nullable Strand fastCurrentOwn() {
    return fastCurrentOn(Thread.currentThread());
  }

  private @Nullable Strand fastCurrentOn(Thread caller) {
    Strand strand = caller == thread ? stackless() : null;
    return strand != null && strand.host == null ? strand : null;
  }

  /** The stackless strand that runs on {@code thread}, the calling one, or null. */
  static @Nullable Strand stacklessOn(Thread thread) {
    StrandTable loop = LoopRegistry.get(thread);
    return loop == null ? null : loop.stackless();
  }

  private @Nullable Strand stackless() {
    return currentIsStackless ? strands[current] : null;
  }
}

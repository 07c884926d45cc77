// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.Deadline;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Counting semaphore for the fibers of one reactor. Fair: the fiber that has waited longest gets
 * the next permit. Permits have no owner: a fiber may release a permit that another has acquired.
 */
public final class Semaphore {
  private final EventLoop loop = EventLoop.require("make a semaphore");
  private final WaitList waiters = new WaitList();
  private int permits;

  private @Nullable String name;

  private Semaphore(int permits) {
    this.permits = permits;
  }

  /**
   * Creates a semaphore.
   *
   * @param permits the initial number of permits, at least 0
   * @return a semaphore of the current reactor
   */
  public static Semaphore of(int permits) {
    if (permits < 0) {
      throw new IllegalArgumentException("permits must be at least 0: " + permits);
    }
    return new Semaphore(permits);
  }

  /**
   * Names it, for messages and dumps.
   *
   * @param name what it is called, instead of "semaphore"
   * @return this
   */
  public Semaphore named(String name) {
    this.name = Objects.requireNonNull(name, "name");
    return this;
  }

  /** Takes a permit. Suspends until there is one. */
  public void acquire() {
    acquire(Deadline.NEVER);
  }

  /**
   * Takes a permit, and waits at most until {@code deadline}. Suspends until there is one.
   *
   * @param deadline when to stop waiting
   * @throws dev.weft.error.DeadlineExceededException if there was none in time
   */
  public void acquire(Deadline deadline) {
    Strand strand = Strand.requireOf(loop, "acquire", this);
    strand.checkBeforeWait("acquire", this, deadline.nanoTime(), WaitMode.INTERNAL);
    if (permits > 0) {
      permits--;
    } else {
      strand.await(waiters, "acquire", this, deadline.nanoTime(), WaitMode.INTERNAL);
    }
  }

  /**
   * Takes a permit if there is one. Does not suspend; may be called outside fibers.
   *
   * @return whether there was
   */
  public boolean tryAcquire() {
    loop.requireThread("acquire", this);
    if (permits == 0) {
      return false;
    }
    permits--;
    return true;
  }

  /**
   * Releases a permit, to the fiber that has waited longest if there is one. Does not suspend; may
   * be called outside fibers.
   *
   * @throws IllegalStateException if the number of permits would exceed {@link Integer#MAX_VALUE}
   */
  public void release() {
    loop.requireThread("release", this);
    if (waiters.wakeOne()) {
      return;
    }
    if (permits == Integer.MAX_VALUE) {
      throw new IllegalStateException("release: too many permits");
    }
    permits++;
  }

  /** {@return the number of available permits} */
  public int available() {
    return permits;
  }

  @Override
  public String toString() {
    return (name == null ? "semaphore" : name) + " (" + permits + " left)";
  }
}

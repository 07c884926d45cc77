// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.Deadline;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.HeldResource;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import dev.weft.internal.strand.WaitNode;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A lock that one fiber of a reactor has at a time, also across calls that suspend. Who has waited
 * longest gets it next. A fiber that ends while it has one fails with an {@link
 * IllegalStateException}, and the lock goes on to the next.
 *
 * <p>
 *
 * {@snippet :
 * try (Mutex.Guard held = mutex.lock()) {
 *   socket.write(frame); // one frame at a time
 * }
 * }
 */
public final class Mutex {
  private final EventLoop loop = EventLoop.require("make a mutex");
  private final WaitList waiters = new WaitList();
  private final Guard guard = new Guard();
  private final Hold hold = new Hold();
  private @Nullable Strand owner;

  private Mutex() {}

  /** The lock in somebody's hands. Closing it unlocks. */
  public final class Guard implements AutoCloseable {
    private Guard() {}

    /**
     * Unlocks. Does not suspend.
     *
     * @throws IllegalStateException if the caller does not have the lock
     */
    @Override
    public void close() {
      requireOwner("unlock");
      release();
    }

    Mutex mutex() {
      return Mutex.this;
    }
  }

  private final class Hold extends HeldResource {
    @Override
    public void releaseAbandoned() {
      release();
    }

    @Override
    public String toString() {
      return "a mutex";
    }
  }

  /**
   * Makes a mutex that nobody has.
   *
   * @return a mutex of the current reactor
   */
  public static Mutex create() {
    return new Mutex();
  }

  /**
   * Locks. Suspends while another fiber has it.
   *
   * @return what unlocks it, to be closed by the caller
   * @throws IllegalStateException if the caller has it already, and would wait for itself
   */
  public Guard lock() {
    return lock(Deadline.NEVER);
  }

  /**
   * Locks, but does not wait for ever. Suspends while another fiber has it.
   *
   * @param deadline until when
   * @return what unlocks it, to be closed by the caller
   * @throws IllegalStateException if the caller has it already, and would wait for itself
   * @throws dev.weft.error.DeadlineExceededException if it was not to be had
   */
  public Guard lock(Deadline deadline) {
    return lock(deadline, WaitMode.INTERNAL);
  }

  Guard lock(Deadline deadline, WaitMode wait) {
    Strand strand = Strand.requireOf(loop, "lock", this);
    strand.checkBeforeWait("lock", this, deadline.nanoTime(), wait);
    refuseTwice(strand);
    if (owner == null) {
      take(strand);
    } else {
      strand.await(waiters, "lock", this, deadline.nanoTime(), wait);
      assert owner == strand : owner;
    }
    return guard;
  }

  /**
   * Locks if nobody has it. Does not suspend.
   *
   * @return what unlocks it, to be closed by the caller; empty if another fiber has it
   * @throws IllegalStateException if the caller has it already
   */
  public Optional<Guard> tryLock() {
    Strand strand = Strand.requireOf(loop, "lock", this);
    refuseTwice(strand);
    if (owner != null) {
      return Optional.empty();
    }
    take(strand);
    return Optional.of(guard);
  }

  private void refuseTwice(Strand strand) {
    if (owner == strand) {
      throw new IllegalStateException(
          "lock: " + strand.body() + " has the mutex already, and would wait for itself");
    }
  }

  private void take(Strand strand) {
    owner = strand;
    hold.acquireBy(strand);
  }

  /** Passes it on, so that no latecomer can come between. */
  private void release() {
    Strand old = owner;
    assert old != null;
    hold.releaseBy(old);
    owner = null;
    WaitNode next = waiters.first();
    if (next != null) {
      take(next.strand());
      next.fire();
    }
  }

  void requireOwner(String verb) {
    Strand strand = Strand.requireOf(loop, verb, this);
    if (owner != strand) {
      throw new IllegalStateException(
          verb + ": " + strand.body() + " does not have the mutex; " + holder());
    }
  }

  EventLoop loop() {
    return loop;
  }

  /**
   * Whether a fiber has it.
   *
   * @return true from a lock to the unlock
   */
  public boolean isLocked() {
    return owner != null;
  }

  private String holder() {
    return (owner == null ? "nobody" : owner.body()) + " has it";
  }

  @Override
  public String toString() {
    return "mutex (" + holder() + ")";
  }
}

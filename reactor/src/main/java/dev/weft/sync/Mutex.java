// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.Deadline;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.HeldResource;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import dev.weft.internal.strand.WaitNode;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Mutual exclusion lock between fibers of one reactor, held across suspending calls. Fair: the
 * fiber that has waited longest gets it next. A fiber that ends while it holds one fails with an
 * {@link IllegalStateException}, and the lock passes to the next fiber.
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

  private @Nullable String name;

  private Mutex() {}

  /** The held lock. Closing it unlocks. */
  public final class Guard implements AutoCloseable {
    private Guard() {}

    /**
     * Unlocks. Does not suspend.
     *
     * @throws IllegalStateException if the caller does not hold the lock
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

  /** {@return a new unlocked mutex of the current reactor} */
  public static Mutex create() {
    return new Mutex();
  }

  /**
   * Names it, for messages and dumps.
   *
   * @param name what it is called, instead of "mutex"
   * @return this
   */
  public Mutex named(String name) {
    this.name = Objects.requireNonNull(name, "name");
    return this;
  }

  /**
   * Locks. Suspends while another fiber holds the lock.
   *
   * @return a guard that the caller must close to unlock
   * @throws IllegalStateException if the caller holds the lock already, and would wait for itself
   */
  public Guard lock() {
    return lock(Deadline.NEVER);
  }

  /**
   * Locks, and waits at most until {@code deadline}. Suspends while another fiber holds the lock.
   *
   * @param deadline when to stop waiting
   * @return a guard that the caller must close to unlock
   * @throws IllegalStateException if the caller holds the lock already, and would wait for itself
   * @throws dev.weft.error.DeadlineExceededException if the lock was not free in time
   */
  public Guard lock(Deadline deadline) {
    return lock(deadline, WaitMode.INTERNAL);
  }

  Guard lock(Deadline deadline, WaitMode wait) {
    Strand strand = Strand.requireOf(loop, "lock", this);
    strand.checkBeforeWait("lock", this, deadline.nanoTime(), wait);
    requireNotOwner(strand);
    if (owner == null) {
      take(strand);
    } else {
      strand.await(waiters, "lock", this, deadline.nanoTime(), wait);
      assert owner == strand : owner;
    }
    return guard;
  }

  /**
   * Locks if the lock is free. Does not suspend.
   *
   * @return a guard that the caller must close to unlock; empty if another fiber holds the lock
   * @throws IllegalStateException if the caller holds the lock already
   */
  public Optional<Guard> tryLock() {
    Strand strand = Strand.requireOf(loop, "lock", this);
    requireNotOwner(strand);
    if (owner != null) {
      return Optional.empty();
    }
    take(strand);
    return Optional.of(guard);
  }

  private void requireNotOwner(Strand strand) {
    if (owner == strand) {
      throw new IllegalStateException(
          "lock: " + strand.body() + " holds the mutex already and would wait for itself");
    }
  }

  private void take(Strand strand) {
    hold.acquireBy(strand);
    owner = strand;
  }

  /** Hands the lock to the next waiter directly, so that no later caller can take it first. */
  private void release() {
    Strand old = owner;
    assert old != null;
    WaitNode next = waiters.first();
    if (next != null) {
      StackReserve.check();
    }
    hold.releaseBy(old);
    owner = null;
    if (next != null) {
      take(next.strand());
      next.fire();
    }
  }

  void requireOwner(String verb) {
    Strand strand = Strand.requireOf(loop, verb, this);
    if (owner != strand) {
      throw new IllegalStateException(
          verb + ": " + strand.body() + " does not hold the mutex (" + holder() + ")");
    }
  }

  EventLoop loop() {
    return loop;
  }

  /** {@return whether a fiber holds the lock} */
  public boolean isLocked() {
    return owner != null;
  }

  private String holder() {
    return owner == null ? "not held" : "held by " + owner.body();
  }

  @Override
  public String toString() {
    return (name == null ? "mutex" : name) + " (" + holder() + ")";
  }
}

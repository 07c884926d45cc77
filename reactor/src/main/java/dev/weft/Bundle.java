// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.error.DeadlineExceededException;
import dev.weft.error.TaskFailedException;
import dev.weft.internal.sched.Scope;
import dev.weft.internal.sched.Strand;
import dev.weft.internal.sched.Wait;
import dev.weft.internal.sched.WaitList;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A block of code that children run in, and that none of them outlives.
 *
 * <p>
 *
 * {@snippet :
 * try (Bundle pair = Bundle.open()) {
 *   pair.go(() -> pump(left, right));
 *   pump(right, left);
 * } // here both have ended, whichever failed
 * }
 *
 * <p>{@link #close} cancels the children that are left and waits until each has really ended. It is
 * called by the fiber that opened the bundle, and by the last of its open bundles first.
 *
 * <p>In a bundle of {@link #open} the first child that fails ends the block: the others are
 * cancelled, and whatever the owner waits for inside the block, now or later, throws a {@link
 * TaskFailedException} with the child's exception as its cause and the later failures suppressed in
 * it. In a bundle of {@link #supervising} each failure is reported, and the rest carries on. Either
 * way no failure is lost, and a child that ends because it was cancelled has not failed.
 *
 * <p>A deadline given to the block holds for every suspending call in it, the children's included.
 */
public final class Bundle implements AutoCloseable {
  private enum State {
    OPEN,
    CLOSING,
    CLOSED
  }

  private final Life owner;
  private final @Nullable Consumer<? super Throwable> onFailure;
  private final BundleScope scope;
  private final WaitList waiters = new WaitList();
  private State state = State.OPEN;
  private boolean cancelled;

  // ---- children, in the order in which they were started
  private @Nullable Life firstChild;
  private @Nullable Life lastChild;
  private int live;

  private @Nullable Life firstFailed;
  private @Nullable TaskFailedException failure;

  /** Whether the owner has got {@link #failure}. */
  private boolean delivered;

  /** A child that the block's deadline has ended. */
  private @Nullable Life firstExpired;

  /** The bundle as the scheduler sees it. */
  private static final class BundleScope extends Scope {
    final Bundle bundle;

    BundleScope(Bundle bundle, long due) {
      super(due, false);
      this.bundle = bundle;
    }

    @Override
    protected RuntimeException failure() {
      bundle.delivered = true;
      return bundle.failureToThrow();
    }
  }

  private Bundle(Life owner, Deadline deadline, @Nullable Consumer<? super Throwable> onFailure) {
    this.owner = owner;
    this.onFailure = onFailure;
    scope = new BundleScope(this, deadline.nanoTime());
  }

  /**
   * Opens a bundle that ends with the first failure.
   *
   * @return a bundle of the calling fiber, to be closed by it
   */
  public static Bundle open() {
    return open(Deadline.NEVER);
  }

  /**
   * Opens a bundle that ends with the first failure, and in which nothing waits longer than until a
   * deadline.
   *
   * @param deadline for all that happens in the block; of several around it, the nearest holds
   * @return a bundle of the calling fiber, to be closed by it
   */
  public static Bundle open(Deadline deadline) {
    return enter(deadline, null);
  }

  /**
   * Opens a bundle that carries on when a child fails.
   *
   * @param onFailure gets what each failed child threw, on the reactor's thread; must not suspend.
   *     If it throws, the bundle fails as one of {@link #open} does
   * @return a bundle of the calling fiber, to be closed by it
   */
  public static Bundle supervising(Consumer<? super Throwable> onFailure) {
    return supervising(Deadline.NEVER, onFailure);
  }

  /**
   * Opens a bundle that carries on when a child fails, and in which nothing waits longer than until
   * a deadline.
   *
   * @param deadline see {@link #open(Deadline)}
   * @param onFailure see {@link #supervising(Consumer)}
   * @return a bundle of the calling fiber, to be closed by it
   */
  public static Bundle supervising(Deadline deadline, Consumer<? super Throwable> onFailure) {
    return enter(deadline, Objects.requireNonNull(onFailure, "onFailure"));
  }

  private static Bundle enter(Deadline deadline, @Nullable Consumer<? super Throwable> onFailure) {
    Life owner = Life.require("open a bundle");
    Bundle bundle = new Bundle(owner, deadline, onFailure);
    owner.strand().throwIfCancelled("open", bundle);
    owner.strand().enter(bundle.scope);
    return bundle;
  }

  // ---- children

  /**
   * Starts a child. It runs when the caller next suspends. Any fiber of the reactor may call this
   * while the bundle is open, its children among them.
   *
   * @param task what it does
   * @return the child
   * @throws IllegalStateException if the bundle is closed
   * @throws dev.weft.error.CancelledException if the caller has been cancelled
   * @throws TaskFailedException if a block that the caller is in has failed
   */
  public Task<@Nullable Void> go(FiberTask task) {
    return start(null, task, false);
  }

  /**
   * Starts a child that computes something: see {@link #go(FiberTask)}.
   *
   * @param <T> the type of the result
   * @param call what it computes
   * @return the child, to be joined for the result
   * @throws IllegalStateException if the bundle is closed
   */
  public <T extends @Nullable Object> Task<T> go(FiberCall<T> call) {
    return start(null, call, true);
  }

  /**
   * Starts a child with a name: see {@link #go(FiberTask)}.
   *
   * @param name for people, and the name of its thread
   * @param task what it does
   * @return the child
   * @throws IllegalStateException if the bundle is closed
   */
  public Task<@Nullable Void> go(@Nullable String name, FiberTask task) {
    return start(name, task, false);
  }

  /**
   * Starts a child with a name that computes something: see {@link #go(FiberTask)}.
   *
   * @param <T> the type of the result
   * @param name for people, and the name of its thread
   * @param call what it computes
   * @return the child, to be joined for the result
   * @throws IllegalStateException if the bundle is closed
   */
  public <T extends @Nullable Object> Task<T> go(@Nullable String name, FiberCall<T> call) {
    return start(name, call, true);
  }

  private <T extends @Nullable Object> Task<T> start(
      @Nullable String name, Object task, boolean computes) {
    Life starter = requireNeighbour("start a child of");
    starter.strand().throwIfCancelled("start a child of", this);
    if (state != State.OPEN) {
      throw new IllegalStateException("start a child: " + this + " is closed");
    }
    Life child = Life.child(this, owner.reactor, name, task, computes);
    FiberLocal.inherit(starter, child);
    link(child);
    child.begin(scope.due());
    if (cancelled) {
      child.strand().cancel();
    }
    return new Task<>(child);
  }

  private void link(Life child) {
    child.previousSibling = lastChild;
    if (lastChild == null) {
      firstChild = child;
    } else {
      lastChild.nextSibling = child;
    }
    lastChild = child;
    live++;
  }

  private void unlink(Life child) {
    Life before = child.previousSibling;
    Life after = child.nextSibling;
    if (before == null) {
      firstChild = after;
    } else {
      before.nextSibling = after;
    }
    if (after == null) {
      lastChild = before;
    } else {
      after.previousSibling = before;
    }
    live--;
  }

  /** Called on the reactor's thread, outside any fiber. */
  void childEnded(Life child) {
    unlink(child);
    Throwable thrown = child.failure;
    if (thrown != null && !child.endedAsAsked()) {
      childFailed(child, thrown);
    }
    if (live == 0) {
      waiters.wakeAll();
    }
  }

  private void childFailed(Life child, Throwable thrown) {
    if (thrown instanceof DeadlineExceededException && hasExpired()) {
      firstExpired = firstExpired == null ? child : firstExpired;
    } else if (onFailure == null) {
      fail(child, thrown);
    } else {
      try {
        onFailure.accept(thrown);
      } catch (Throwable e) {
        e.addSuppressed(thrown);
        fail(child, e);
      }
    }
  }

  private boolean hasExpired() {
    return scope.due() <= owner.strand().loop.clock().nanoTime();
  }

  private void fail(Life child, Throwable thrown) {
    if (failure != null) {
      failure.addSuppressed(thrown);
      return;
    }
    firstFailed = child;
    failure = new TaskFailedException(child + " failed: " + thrown, thrown);
    cancelAll();
    owner.strand().fail(scope);
    waiters.wakeAll();
  }

  private TaskFailedException failureToThrow() {
    assert failure != null && firstFailed != null;
    return failure;
  }

  @Nullable Life firstChild() {
    return firstChild;
  }

  // ---- waiting

  /**
   * Waits until no child is left. Suspends. The bundle can be used again afterwards. Any number of
   * fibers may wait, but not the children themselves.
   *
   * @throws TaskFailedException if a child fails, or has failed
   * @throws IllegalStateException if the caller is in this bundle, and would wait for itself
   */
  public void await() {
    await(Deadline.NEVER);
  }

  /**
   * Waits until no child is left, but not for ever. Suspends.
   *
   * @param deadline until when
   * @throws TaskFailedException if a child fails, or has failed
   * @throws DeadlineExceededException if children are left then; they go on
   * @throws IllegalStateException if the caller is in this bundle, and would wait for itself
   */
  public void await(Deadline deadline) {
    Life waiter = requireNeighbour("await");
    Strand strand = waiter.strand();
    refuseToAwaitItself(waiter);
    strand.refuseIfOver("await", this, deadline.nanoTime(), Wait.INSIDE);
    while (live > 0 && failure == null) {
      strand.await(waiters, "await", this, deadline.nanoTime(), Wait.INSIDE);
    }
    if (failure != null) {
      delivered |= waiter == owner;
      throw failure;
    }
    if (firstExpired != null) { // the caller may have been woken before its own time was up
      strand.refuseIfOver("await", this, deadline.nanoTime(), Wait.INSIDE);
    }
  }

  /** The calling fiber, which must be of the owner's reactor. */
  private Life requireNeighbour(String verb) {
    return (Life) Strand.requireOf(owner.strand().loop, verb, this).body();
  }

  private void refuseToAwaitItself(Life waiter) {
    for (Life life = waiter; life != null && life.bundle != null; life = life.bundle.owner) {
      if (life.bundle == this) {
        throw new IllegalStateException(
            waiter + " can't await " + this + ": it is in it, and would wait for itself");
      }
    }
  }

  /**
   * Cancels every child, in the order in which they were started, and those still to be started.
   * Does not wait for their ends.
   */
  public void cancel() {
    owner.strand().loop.requireThread("cancel", this);
    cancelAll();
  }

  private void cancelAll() {
    cancelled = true;
    for (Life child = firstChild; child != null; child = child.nextSibling) {
      if (!child.ended) {
        child.strand().cancel();
      }
    }
  }

  /**
   * Cancels the children that are left and waits until each has ended, whatever happens to the
   * caller meanwhile. Suspends, even in a cancelled fiber. Does nothing the second time.
   *
   * @throws TaskFailedException if a child has failed and the owner does not know
   * @throws DeadlineExceededException if the block's deadline has ended a child
   * @throws IllegalStateException if the caller is not the fiber that opened the bundle, or has
   *     opened others since that are not closed
   */
  @Override
  public void close() {
    if (state == State.CLOSED) {
      return;
    }
    requireInnermost();
    end();
    if (failure != null && !delivered) {
      delivered = true;
      throw failure;
    }
    if (failure == null && firstExpired != null) {
      throw new DeadlineExceededException(
          firstExpired + " had not ended by the deadline of " + this);
    }
  }

  private void requireInnermost() {
    Life caller = Life.require("close a bundle");
    if (caller != owner) {
      throw new IllegalStateException(caller + " can't close " + this + ", only its owner can");
    }
    Scope innermost = owner.strand().scope();
    if (innermost != scope) {
      throw new IllegalStateException(
          "close: " + innermost + " was opened after " + this + " and must be closed before it");
    }
  }

  private void end() {
    state = State.CLOSING;
    cancelAll();
    while (live > 0) {
      owner.strand().await(waiters, "close", this, Deadline.NEVER.nanoTime(), Wait.CLOSING);
    }
    state = State.CLOSED;
    owner.strand().leave(scope);
  }

  /** The bundle behind a scope, or null if it is a shield. */
  static @Nullable Bundle of(Scope scope) {
    return scope instanceof BundleScope known ? known.bundle : null;
  }

  /** Closes a bundle whose fiber has come to its end; returns the mistake. */
  IllegalStateException closeForgotten() {
    end();
    IllegalStateException mistake =
        new IllegalStateException(owner + " went on without closing " + this);
    if (failure != null && !delivered) {
      mistake.addSuppressed(failure);
    }
    return mistake;
  }

  @Override
  public String toString() {
    return "bundle of " + owner + " (" + live + (live == 1 ? " child)" : " children)");
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.error.DeadlineExceededException;
import dev.weft.error.ScopeExpiredException;
import dev.weft.error.TaskFailedException;
import dev.weft.internal.strand.Scope;
import dev.weft.internal.strand.WaitMode;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Fibers that belong together, and of which none outlives the bundle: a nursery, or task scope.
 *
 * <p>Mostly it is a block:
 *
 * <p>
 *
 * {@snippet :
 * try (Bundle pair = Bundle.open()) {
 *   pair.go(() -> pump(left, right));
 *   pump(right, left);
 *   pair.await(); // close would cancel the other direction
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
 * When it has passed they throw a {@link ScopeExpiredException}.
 *
 * <h2>Asynchronous objects</h2>
 *
 * A bundle of {@link #detached} is no block but part of an object that has fibers of its own:
 *
 * <p>
 *
 * {@snippet :
 * final class Connection implements AutoCloseable {
 *   private final Bundle fibers = Bundle.detached();
 *
 *   Connection(TcpSocket socket) {
 *     fibers.go("sender", () -> send(socket));
 *     fibers.go("receiver", () -> receive(socket));
 *   }
 *
 *   @Override
 *   public void close() { // by any fiber of the reactor
 *     fibers.close();
 *   }
 * }
 * }
 *
 * <p>Such bundles may be closed in any order and by any fiber of their reactor, except by one that
 * runs in them. Each has an owner, which closes it at the latest: the innermost bundle that the
 * fiber that made it has open or runs in, or if there is none, the reactor. {@link
 * #transferTo(Bundle)} gives it another owner. A bundle closes what it owns after its children have
 * ended, the newest first; the reactor does so when all fibers have ended but those of such
 * bundles.
 *
 * <p>A failure of a child is thrown by the {@link #await} and {@link #close} of the detached bundle
 * alone: neither the fiber that made it nor the owner notices. One that nobody has been told when
 * the owner closes the bundle goes to {@link ReactorOptions#uncaughtExceptionHandler}. Only a
 * deadline of its own holds for its children, not those of the blocks that it was made in.
 */
public final class Bundle implements AutoCloseable {
  private final BundleState inside;

  private Bundle(
      Reactor reactor,
      @Nullable FiberState opener,
      Deadline deadline,
      @Nullable Consumer<? super Throwable> onFailure) {
    inside = new BundleState(this, reactor, opener, deadline.nanoTime(), onFailure);
  }

  // ---- blocks

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
   *     If it throws, the bundle fails as one of {@link #open} does: what the child threw is the
   *     cause, and what the handler threw is suppressed, unless it is the same
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
    FiberState opener = FiberState.require("open a bundle");
    Bundle bundle = new Bundle(opener.reactor, opener, deadline, onFailure);
    opener.strand().throwIfCancelled("open", bundle);
    opener.strand().enter(bundle.inside.scope);
    return bundle;
  }

  // ---- asynchronous objects

  /**
   * Makes a bundle that is no block: see {@link Bundle}. It fails with the first failure.
   *
   * @return a bundle that any fiber of the reactor may close
   */
  public static Bundle detached() {
    return detached(Deadline.NEVER);
  }

  /**
   * Makes a bundle that is no block, and whose children wait no longer than until a deadline. It
   * fails with the first failure.
   *
   * @param deadline for all that its children do
   * @return a bundle that any fiber of the reactor may close
   */
  public static Bundle detached(Deadline deadline) {
    return detach(deadline, null);
  }

  /**
   * Makes a bundle that is no block, and that carries on when a child fails.
   *
   * @param onFailure see {@link #supervising(Consumer)}
   * @return a bundle that any fiber of the reactor may close
   */
  public static Bundle detachedSupervising(Consumer<? super Throwable> onFailure) {
    return detachedSupervising(Deadline.NEVER, onFailure);
  }

  /**
   * Makes a bundle that is no block, that carries on when a child fails, and whose children wait no
   * longer than until a deadline.
   *
   * @param deadline for all that its children do
   * @param onFailure see {@link #supervising(Consumer)}
   * @return a bundle that any fiber of the reactor may close
   */
  public static Bundle detachedSupervising(
      Deadline deadline, Consumer<? super Throwable> onFailure) {
    return detach(deadline, Objects.requireNonNull(onFailure, "onFailure"));
  }

  private static Bundle detach(Deadline deadline, @Nullable Consumer<? super Throwable> onFailure) {
    FiberState maker = FiberState.require("make a detached bundle");
    Bundle bundle = new Bundle(maker.reactor, null, deadline, onFailure);
    maker.strand().throwIfCancelled("make", bundle);
    BundleState owner = maker.innermostBundle();
    bundle.inside.moveTo(owner == null ? maker.reactor.wards() : owner.wards());
    return bundle;
  }

  /**
   * Gives a detached bundle another owner, which closes it at the latest. Any fiber of the reactor
   * may call this while the bundle is open.
   *
   * @param owner an open bundle, a block or detached, of the same reactor
   * @throws IllegalStateException if this bundle is a block or closed, if {@code owner} is closed,
   *     or if {@code owner} is this bundle or belongs to a fiber in it, which would own itself
   */
  public void transferTo(Bundle owner) {
    inside.requireTransferable();
    owner.inside.requireNeighbour("transfer to");
    if (!owner.inside.isOpen()) {
      throw new IllegalStateException("transfer " + this + ": " + owner + " is closed");
    }
    if (owner.inside.isWithin(inside)) {
      throw new IllegalStateException(
          "transfer " + this + ": " + owner + " is in it, so that it would own itself");
    }
    inside.moveTo(owner.inside.wards());
  }

  /**
   * Gives a detached bundle to its reactor, which closes it at the latest, when all other fibers
   * have ended. Any fiber of the reactor may call this while the bundle is open.
   *
   * @throws IllegalStateException if this bundle is a block, or closed
   */
  public void transferToReactor() {
    inside.requireTransferable();
    inside.moveTo(inside.reactor.wards());
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
    return inside.start(null, task, false);
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
    return inside.start(null, call, true);
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
    return inside.start(name, task, false);
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
    return inside.start(name, call, true);
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
    FiberState waiter = inside.requireNeighbour("await");
    if (inside.hasAmongChildren(waiter)) {
      throw waitsForItself(waiter, "await");
    }
    inside.await(waiter, deadline.nanoTime());
  }

  private IllegalStateException waitsForItself(FiberState waiter, String verb) {
    return new IllegalStateException(
        waiter + " can't " + verb + " " + this + ": it is in it, and would wait for itself");
  }

  /**
   * Cancels every child, in the order in which they were started, and those still to be started.
   * Does not wait for their ends.
   */
  public void cancel() {
    inside.reactor.loop().requireThread("cancel", this);
    inside.cancel();
  }

  // ---- closing

  /**
   * Cancels the children that are left and waits until each has ended, whatever happens to the
   * caller meanwhile; then closes the detached bundles that this one owns. Suspends, even in a
   * cancelled fiber. Does nothing the second time; if another fiber is closing it, waits for that.
   *
   * @throws TaskFailedException if a child has failed, and the owner of the block has not been told
   *     by another call; or nobody, if the bundle is detached
   * @throws ScopeExpiredException if the bundle's deadline has ended a child
   * @throws IllegalStateException if the bundle is a block and the caller is not the fiber that
   *     opened it, or has opened others since that are not closed; or if it is detached and the
   *     caller runs in it
   * @throws dev.weft.error.CancelledException if the bundle is detached, and a child of it waits
   *     for the caller, so that this wait had to be ended; the children have been cancelled
   */
  @Override
  public void close() {
    if (inside.isClosed()) {
      return;
    }
    FiberState opener = inside.opener;
    if (opener != null) {
      requireInnermost(opener);
      inside.end(opener.strand(), WaitMode.CLOSING);
    } else {
      FiberState closer = inside.requireNeighbour("close");
      BundleState around = closer.bundle;
      if (around != null && around.isWithin(inside)) {
        throw waitsForItself(closer, "close");
      }
      inside.end(closer.strand(), WaitMode.JOINING);
    }
    inside.failures.throwUndelivered();
  }

  private void requireInnermost(FiberState owner) {
    FiberState caller = FiberState.require("close a bundle");
    if (caller != owner) {
      throw new IllegalStateException(caller + " can't close " + this + ", only its owner can");
    }
    Scope innermost = owner.strand().scope();
    if (innermost != inside.scope) {
      throw new IllegalStateException(
          "close: " + innermost + " was opened after " + this + " and must be closed before it");
    }
  }

  @Override
  public String toString() {
    return inside.describe();
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.error.DeadlineExceededException;
import dev.weft.error.ScopeExpiredException;
import dev.weft.error.TaskFailedException;
import dev.weft.internal.fiber.BundleState;
import dev.weft.internal.fiber.FiberState;
import dev.weft.internal.fiber.ReactorFibers;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.strand.Scope;
import dev.weft.internal.strand.WaitMode;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Structured concurrency scope (nursery): a group of fibers none of which outlives the bundle.
 *
 * <p>Usually a bundle is a block:
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
 * <p>{@link #close} cancels the children that are left and waits until each has really ended. The
 * fiber that opened the bundle calls it, and closes its most recently opened bundle first.
 *
 * <p>In a bundle of {@link #open} the first child that fails ends the block: the other children are
 * cancelled, and each suspending call of the owner inside the block, now or later, throws a {@link
 * TaskFailedException}. Its cause is the child's exception; later failures are suppressed in it. In
 * a bundle of {@link #supervising} each failure goes to a handler, and the other children continue.
 * In both kinds no failure is lost, and a child that ends because it was cancelled has not failed.
 *
 * <p>A deadline given to the block applies to every suspending call in it, including those of the
 * children. When it has passed, these calls throw a {@link ScopeExpiredException}.
 *
 * <h2>Asynchronous objects</h2>
 *
 * A bundle of {@link #detached} is not a block but part of an object that has its own fibers:
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
 * <p>Any fiber of the reactor may close such bundles, in any order, except a fiber that runs in
 * them. Each has an owner, which closes it unless it has been closed before: the innermost bundle
 * that the creating fiber has open or runs in, or if there is none, the reactor. {@link
 * #transferTo(Bundle)} changes the owner. A bundle closes what it owns after its children have
 * ended, the newest first. The reactor does so when only fibers of such bundles are left.
 *
 * <p>Only {@link #await} and {@link #close} of the detached bundle throw the failure of a child:
 * the creating fiber and the owner are not affected. A failure that no call has thrown when the
 * owner closes the bundle goes to {@link ReactorOptions#uncaughtExceptionHandler}. Only the
 * bundle's own deadline applies to its children, not those of the blocks in which it was created.
 */
public final class Bundle implements AutoCloseable {
  static {
    BundleState.IN.register(Bundle.class, bundle -> bundle.inside);
  }

  private final BundleState inside;

  private Bundle(
      ReactorFibers reactor,
      @Nullable FiberState opener,
      Deadline deadline,
      @Nullable Consumer<? super Throwable> onFailure) {
    inside = new BundleState(this, reactor, opener, deadline.nanoTime(), onFailure);
  }

  // ---- blocks

  /**
   * Opens a bundle that fails with the first failure of a child.
   *
   * @return a bundle that the calling fiber owns and must close
   */
  public static Bundle open() {
    return open(Deadline.NEVER);
  }

  /**
   * Opens a bundle with a deadline. It fails with the first failure of a child.
   *
   * @param deadline applies to every suspending call in the block; of nested blocks, the nearest
   *     deadline applies
   * @return a bundle that the calling fiber owns and must close
   */
  public static Bundle open(Deadline deadline) {
    return enter(deadline, null);
  }

  /**
   * Opens a bundle that continues when a child fails.
   *
   * @param onFailure gets what each failed child threw, on the reactor's thread; must not suspend.
   *     If it throws, the bundle fails as one of {@link #open} does: what the child threw is the
   *     cause, and what the handler threw is suppressed in it, unless they are the same object
   * @return a bundle that the calling fiber owns and must close
   */
  public static Bundle supervising(Consumer<? super Throwable> onFailure) {
    return supervising(Deadline.NEVER, onFailure);
  }

  /**
   * Opens a bundle with a deadline. It continues when a child fails.
   *
   * @param deadline see {@link #open(Deadline)}
   * @param onFailure see {@link #supervising(Consumer)}
   * @return a bundle that the calling fiber owns and must close
   */
  public static Bundle supervising(Deadline deadline, Consumer<? super Throwable> onFailure) {
    return enter(deadline, Objects.requireNonNull(onFailure, "onFailure"));
  }

  private static Bundle enter(Deadline deadline, @Nullable Consumer<? super Throwable> onFailure) {
    FiberState opener = FiberState.require("open a bundle");
    Bundle bundle = new Bundle(opener.reactor(), opener, deadline, onFailure);
    opener.strand().throwIfCancelled("open", bundle);
    StackReserve.check();
    opener.strand().enter(bundle.inside.scope());
    return bundle;
  }

  // ---- asynchronous objects

  /**
   * Creates a detached bundle: see {@link Bundle}. It fails with the first failure of a child.
   *
   * @return a bundle that any fiber of the reactor may close
   */
  public static Bundle detached() {
    return detached(Deadline.NEVER);
  }

  /**
   * Creates a detached bundle with a deadline. It fails with the first failure of a child.
   *
   * @param deadline applies to every suspending call of its children
   * @return a bundle that any fiber of the reactor may close
   */
  public static Bundle detached(Deadline deadline) {
    return detach(deadline, null);
  }

  /**
   * Creates a detached bundle that continues when a child fails.
   *
   * @param onFailure see {@link #supervising(Consumer)}
   * @return a bundle that any fiber of the reactor may close
   */
  public static Bundle detachedSupervising(Consumer<? super Throwable> onFailure) {
    return detachedSupervising(Deadline.NEVER, onFailure);
  }

  /**
   * Creates a detached bundle with a deadline. It continues when a child fails.
   *
   * @param deadline applies to every suspending call of its children
   * @param onFailure see {@link #supervising(Consumer)}
   * @return a bundle that any fiber of the reactor may close
   */
  public static Bundle detachedSupervising(
      Deadline deadline, Consumer<? super Throwable> onFailure) {
    return detach(deadline, Objects.requireNonNull(onFailure, "onFailure"));
  }

  private static Bundle detach(Deadline deadline, @Nullable Consumer<? super Throwable> onFailure) {
    FiberState maker = FiberState.require("make a detached bundle");
    Bundle bundle = new Bundle(maker.reactor(), null, deadline, onFailure);
    maker.strand().throwIfCancelled("make", bundle);
    StackReserve.check();
    BundleState owner = maker.innermostBundle();
    bundle.inside.moveTo(owner == null ? maker.reactor().wards() : owner.wards());
    return bundle;
  }

  /**
   * Makes {@code owner} the owner of this detached bundle; it closes the bundle unless it has been
   * closed before. Any fiber of the reactor may call this while the bundle is open.
   *
   * @param owner an open bundle, a block or detached, of the same reactor
   * @throws IllegalStateException if this bundle is a block or closed, if {@code owner} is closed,
   *     or if {@code owner} is this bundle or is inside it
   */
  public void transferTo(Bundle owner) {
    inside.requireTransferable();
    owner.inside.requireSameReactor("transfer to");
    if (!owner.inside.isOpen()) {
      throw new IllegalStateException("transfer " + this + ": " + owner + " is closed");
    }
    if (owner.inside.isWithin(inside)) {
      throw new IllegalStateException(
          "transfer " + this + ": " + owner + " is in it, so that it would own itself");
    }
    StackReserve.check();
    inside.moveTo(owner.inside.wards());
  }

  /**
   * Makes the reactor the owner of this detached bundle; it closes the bundle when all other fibers
   * have ended. Any fiber of the reactor may call this while the bundle is open.
   *
   * @throws IllegalStateException if this bundle is a block, or closed
   */
  public void transferToReactor() {
    inside.requireTransferable();
    StackReserve.check();
    inside.moveTo(inside.reactor().wards());
  }

  // ---- children

  /**
   * Starts a child. It runs when the caller next suspends. Any fiber of the reactor may call this
   * while the bundle is open, including the children.
   *
   * @param task what the child runs
   * @return the child
   * @throws IllegalStateException if the bundle is closed
   * @throws dev.weft.error.CancelledException if the caller has been cancelled
   * @throws TaskFailedException if a block that the caller is in has failed
   */
  public Task<@Nullable Void> go(FiberTask task) {
    return start(null, task, false);
  }

  /**
   * Starts a child that returns a result: see {@link #go(FiberTask)}.
   *
   * @param <T> the type of the result
   * @param call what the child runs
   * @return the child; {@link Task#join()} returns its result
   * @throws IllegalStateException if the bundle is closed
   */
  public <T extends @Nullable Object> Task<T> go(FiberCall<T> call) {
    return start(null, call, true);
  }

  /**
   * Starts a child with a name: see {@link #go(FiberTask)}.
   *
   * @param name for messages and dumps, and the name of its thread
   * @param task what the child runs
   * @return the child
   * @throws IllegalStateException if the bundle is closed
   */
  public Task<@Nullable Void> go(@Nullable String name, FiberTask task) {
    return start(name, task, false);
  }

  /**
   * Starts a child with a name that returns a result: see {@link #go(FiberTask)}.
   *
   * @param <T> the type of the result
   * @param name for messages and dumps, and the name of its thread
   * @param call what the child runs
   * @return the child; {@link Task#join()} returns its result
   * @throws IllegalStateException if the bundle is closed
   */
  public <T extends @Nullable Object> Task<T> go(@Nullable String name, FiberCall<T> call) {
    return start(name, call, true);
  }

  private <T extends @Nullable Object> Task<T> start(
      @Nullable String name, Object code, boolean computes) {
    FiberState starter = inside.requireStarter();
    FiberState child = Fiber.child(inside, name, code, computes);
    FiberLocal.inherit(starter, child);
    inside.start(child);
    return new Task<>(child);
  }

  // ---- waiting

  /**
   * Waits until all children have ended. Suspends. The bundle can be used again afterwards. Any
   * number of fibers may wait, except the children themselves.
   *
   * @throws TaskFailedException if a child fails, or has failed
   * @throws IllegalStateException if the caller runs in this bundle, and would wait for itself
   */
  public void await() {
    await(Deadline.NEVER);
  }

  /**
   * Waits until all children have ended, at most until {@code deadline}. Suspends.
   *
   * @param deadline when to stop waiting
   * @throws TaskFailedException if a child fails, or has failed
   * @throws DeadlineExceededException if children are still running then; they continue
   * @throws IllegalStateException if the caller runs in this bundle, and would wait for itself
   */
  public void await(Deadline deadline) {
    FiberState waiter = inside.requireSameReactor("await");
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
   * Cancels every child, in the order in which they were started, and those that are started later.
   * Does not wait until they have ended.
   */
  public void cancel() {
    inside.reactor().loop().requireThread("cancel", this);
    StackReserve.check();
    inside.cancel();
  }

  // ---- closing

  /**
   * Cancels the remaining children and waits until each has ended, even if the caller is cancelled
   * meanwhile. Then closes the detached bundles that this one owns. Suspends, even in a cancelled
   * fiber. Does nothing if the bundle is closed; if another fiber is closing it, waits until it is
   * closed.
   *
   * @throws TaskFailedException if a child has failed, and no call of the block's owner has thrown
   *     this; for a detached bundle, no call of any fiber
   * @throws ScopeExpiredException if the bundle's deadline has ended a child
   * @throws IllegalStateException if the bundle is a block and the caller is not the fiber that
   *     opened it, or has not closed a bundle that it opened later; or if the bundle is detached
   *     and the caller runs in it
   * @throws dev.weft.error.CancelledException if the bundle is detached and one of its children
   *     waits for the caller, so that this wait was ended to break the deadlock; the children have
   *     been cancelled
   */
  @Override
  public void close() {
    if (inside.isClosed()) {
      return;
    }
    try {
      StackReserve.check();
      end();
    } catch (StackOverflowError e) {
      inside.closeLater();
      throw e;
    }
    inside.failures().throwUndelivered();
  }

  private void end() {
    FiberState opener = inside.opener();
    if (opener != null) {
      requireInnermost(opener);
      inside.end(opener.strand(), WaitMode.CLOSING);
    } else {
      FiberState closer = inside.requireSameReactor("close");
      BundleState around = closer.bundle();
      if (around != null && around.isWithin(inside)) {
        throw waitsForItself(closer, "close");
      }
      inside.end(closer.strand(), WaitMode.JOINING);
    }
  }

  /**
   * Names the bundle, for messages and dumps.
   *
   * @param name what it is called, instead of "bundle"
   * @return this
   */
  public Bundle named(String name) {
    inside.name(Objects.requireNonNull(name, "name"));
    return this;
  }

  private void requireInnermost(FiberState owner) {
    FiberState caller = FiberState.require("close a bundle");
    if (caller != owner) {
      throw new IllegalStateException(caller + " can't close " + this + ", only its owner can");
    }
    owner.closeOverdue(inside.scope());
    Scope innermost = owner.strand().scope();
    if (innermost != inside.scope()) {
      throw new IllegalStateException(
          "close: " + innermost + " was opened after " + this + " and must be closed before it");
    }
  }

  @Override
  public String toString() {
    return inside.describe();
  }
}

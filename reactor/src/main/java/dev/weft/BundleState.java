// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.error.PinnedException;
import dev.weft.error.TaskFailedException;
import dev.weft.internal.strand.Scope;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The state of a {@link Bundle}: its children, what it owns, and who owns it. */
final class BundleState {
  private enum State {
    OPEN,
    CLOSING,
    CLOSED
  }

  private final Bundle bundle;
  final Reactor reactor;

  /** The fiber whose block it is, or null if it is detached. */
  final @Nullable FiberState opener;

  private final long ownDeadline;
  final Scope scope;
  final BundleFailures failures;
  private final Siblings children = new Siblings();
  private final WaitList waiters = new WaitList();
  private State state = State.OPEN;
  private boolean cancelled;

  /** The detached bundles that this one owns; null until there is one. */
  private @Nullable Wards wards;

  // ---- if it is detached: its owner, and its place among what that owns
  private @Nullable Wards home;
  @Nullable BundleState newerWard;
  @Nullable BundleState olderWard;

  /** The bundle as the scheduler sees it. */
  private static final class BundleScope extends Scope {
    final BundleState state;

    BundleScope(BundleState state, long deadline) {
      super(deadline, false);
      this.state = state;
    }

    @Override
    protected RuntimeException failure() {
      return state.failures.toThrow(true);
    }

    @Override
    protected Object subject() {
      return state.bundle;
    }

    @Override
    public String toString() {
      return state.describe();
    }
  }

  BundleState(
      Bundle bundle,
      Reactor reactor,
      @Nullable FiberState opener,
      long deadline,
      @Nullable Consumer<? super Throwable> onFailure) {
    this.bundle = bundle;
    this.reactor = reactor;
    this.opener = opener;
    ownDeadline = deadline;
    scope = new BundleScope(this, deadline);
    failures = new BundleFailures(bundle, onFailure);
  }

  /** The bundle behind a scope, or null if there is none. */
  static @Nullable BundleState of(Scope scope) {
    return scope instanceof BundleScope known ? known.state : null;
  }

  boolean isOpen() {
    return state == State.OPEN;
  }

  boolean isClosed() {
    return state == State.CLOSED;
  }

  boolean isDetached() {
    return opener == null;
  }

  /** The calling fiber, which must be of this bundle's reactor. */
  FiberState requireNeighbour(String verb) {
    return (FiberState) Strand.requireOf(reactor.loop(), verb, bundle).body();
  }

  // ---- children

  <T extends @Nullable Object> Task<T> start(@Nullable String name, Object task, boolean computes) {
    FiberState starter = requireNeighbour("start a child of");
    starter.strand().throwIfCancelled("start a child of", bundle);
    if (state != State.OPEN) {
      throw new IllegalStateException("start a child: " + bundle + " is closed");
    }
    FiberState child = FiberState.child(this, reactor, name, task, computes);
    FiberLocal.inherit(starter, child);
    child.begin(due());
    children.add(child);
    if (cancelled) {
      child.strand().cancel();
    }
    return new Task<>(child);
  }

  /** The deadline of the children. That of a block includes those around it. */
  private long due() {
    return opener == null ? ownDeadline : scope.due();
  }

  /** Called on the reactor's thread, outside any fiber. */
  void childEnded(FiberState child) {
    children.remove(child);
    Throwable thrown = child.failure;
    if (thrown != null && !child.wasCancelledCleanly()) {
      boolean hasExpired = due() <= reactor.loop().clock().nanoTime();
      if (failures.add(child, thrown, hasExpired)) {
        fail();
      }
    }
    if (children.count() == 0) {
      waiters.wakeAll();
    }
  }

  private void fail() {
    cancel();
    if (opener != null) {
      opener.strand().fail(scope);
    }
    waiters.wakeAll();
  }

  void cancel() {
    cancelled = true;
    children.cancel();
  }

  @Nullable FiberState firstChild() {
    return children.first();
  }

  /** Whether its last child can't end before {@code life} does, which runs below one of them. */
  boolean hasAmongChildren(FiberState life) {
    FiberState below = life;
    for (BundleState around; below != null && (around = below.bundle) != null; ) {
      if (around == this) {
        return true;
      }
      below = around.opener;
    }
    return false;
  }

  void await(FiberState waiter, long deadline) {
    Strand strand = waiter.strand();
    strand.checkBeforeWait("await", bundle, deadline, WaitMode.INTERNAL);
    while (children.count() > 0 && !failures.exist()) {
      strand.await(waiters, "await", bundle, deadline, WaitMode.INTERNAL);
    }
    if (failures.exist()) {
      throw failures.toThrow(opener == null || waiter == opener);
    }
    if (failures.includeExpiry()) { // the caller may have been woken before its own time was up
      strand.checkBeforeWait("await", bundle, deadline, WaitMode.INTERNAL);
    }
  }

  // ---- owners

  void requireTransferable() {
    requireNeighbour("transfer");
    if (opener != null) {
      throw new IllegalStateException("transfer: " + bundle + " is a block of its fiber");
    }
    if (state != State.OPEN) {
      throw new IllegalStateException("transfer: " + bundle + " is closed");
    }
  }

  void moveTo(Wards owner) {
    if (home != null) {
      home.remove(this);
    }
    home = owner;
    owner.add(this);
  }

  /** What it owns. */
  Wards wards() {
    Wards mine = wards;
    if (mine == null) {
      mine = new Wards(this);
      wards = mine;
    }
    return mine;
  }

  /** The bundle that this one can't outlive, or null. */
  private @Nullable BundleState around() {
    if (opener != null) {
      return opener.bundle;
    }
    return home == null ? null : home.owner;
  }

  /** Whether it is {@code outer}, or can't outlive it. */
  boolean isWithin(BundleState outer) {
    for (BundleState around = this; around != null; around = around.around()) {
      if (around == outer) {
        return true;
      }
    }
    return false;
  }

  /** Whether {@code fiber} can't end before this bundle is closed. */
  boolean isHeldBy(FiberState fiber) {
    for (BundleState around = this; around != null; around = around.around()) {
      if (around.opener == fiber) {
        return true;
      }
    }
    return false;
  }

  // ---- the end

  /** Ends the children, and then what the bundle owns, the newest first, and what that owns. */
  void end(Strand closer, WaitMode wait) {
    BundleState next = this;
    while (state != State.CLOSED) {
      next.endChildren(closer, wait);
      BundleState ward = next.wards == null ? null : next.wards.newest();
      if (ward != null) {
        next = ward;
        continue;
      }
      next.closed();
      if (next != this) {
        next.reportUndelivered();
        next = this;
      }
    }
  }

  private void endChildren(Strand closer, WaitMode wait) {
    if (state == State.OPEN) {
      state = State.CLOSING;
    }
    cancel();
    while (children.count() > 0) {
      closer.await(waiters, "close", bundle, Deadline.NEVER.nanoTime(), wait);
    }
  }

  private void closed() {
    if (state == State.CLOSED) {
      return; // by another fiber meanwhile
    }
    state = State.CLOSED;
    if (opener != null) {
      opener.strand().leave(scope);
    }
    if (home != null) {
      home.remove(this);
    }
  }

  /** Tells of a failure that nobody has waited for; its owner has closed the bundle. */
  private void reportUndelivered() {
    TaskFailedException undelivered = failures.takeUndelivered();
    if (undelivered != null) {
      reactor.uncaught(failures.firstFailed(), undelivered);
    }
  }

  /** Closes a bundle of the reactor's, whose end has come. */
  void closeByReactor(Strand closer) {
    end(closer, WaitMode.CLOSING);
    reportUndelivered();
  }

  /** Closes a block whose fiber, {@code owner}, has come to its end; returns the mistake. */
  IllegalStateException closeForgotten(FiberState owner) {
    PinnedException pinned = null;
    try {
      end(owner.strand(), WaitMode.CLOSING);
    } catch (PinnedException e) { // the children have been cancelled
      owner.strand().leave(scope);
      pinned = e;
    }
    IllegalStateException mistake =
        new IllegalStateException(owner + " went on without closing " + bundle);
    if (pinned != null) {
      mistake.addSuppressed(pinned);
    }
    TaskFailedException undelivered = failures.takeUndelivered();
    if (undelivered != null) {
      mistake.addSuppressed(undelivered);
    }
    return mistake;
  }

  String describe() {
    int live = children.count();
    String whose = opener == null ? "detached bundle" : "bundle of " + opener;
    return whose + " (" + live + (live == 1 ? " child)" : " children)");
  }
}

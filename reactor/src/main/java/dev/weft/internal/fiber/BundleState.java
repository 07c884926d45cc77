// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.fiber;

import dev.weft.error.PinnedException;
import dev.weft.error.TaskFailedException;
import dev.weft.internal.access.Accessors;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.Scope;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The state of a bundle: its children, the bundles that it owns, and its owner. */
public final class BundleState {
  /** The states of the bundles that users have. */
  public static final Accessors<BundleState> IN = new Accessors<>();

  private enum State {
    OPEN,
    CLOSING,
    CLOSED
  }

  /** The user's object, for messages. */
  private final Object bundle;

  private final ReactorFibers reactor;

  /** The fiber that opened the block, or null if the bundle is detached. */
  private final @Nullable FiberState opener;

  private final long ownDeadline;
  private final Scope scope;
  private final BundleFailures failures;
  private final Siblings children = new Siblings();
  private final WaitList waiters = new WaitList();
  private State state = State.OPEN;
  private boolean cancelled;

  /**
   * Whether a close of the block had too little stack. Whoever leaves the scope around it closes
   * it.
   */
  private boolean isOverdue;

  /** The detached bundles that this one owns; created on first use. */
  private @Nullable Wards wards;

  // ---- for a detached bundle: its owner's list, and its links in that list
  private @Nullable Wards ownerList;
  @Nullable BundleState newerWard;
  @Nullable BundleState olderWard;

  /** The scope that represents the bundle in the scheduler. */
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

  private @Nullable String name;

  /**
   * Makes the state of an open bundle.
   *
   * @param bundle the user's object
   * @param opener the fiber whose block it is, or null if it is detached
   */
  public BundleState(
      Object bundle,
      ReactorFibers reactor,
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

  /** Returns the bundle of a scope, or null if it is no bundle's scope. */
  public static @Nullable BundleState of(Scope scope) {
    return scope instanceof BundleScope known ? known.state : null;
  }

  public void name(String name) {
    this.name = name;
  }

  /** What the user calls it, or null. */
  public @Nullable String name() {
    return name;
  }

  public boolean isOpen() {
    return state == State.OPEN;
  }

  public boolean isClosed() {
    return state == State.CLOSED;
  }

  public boolean isDetached() {
    return opener == null;
  }

  /** Returns the calling fiber, which must be of this bundle's reactor. */
  public FiberState requireSameReactor(String verb) {
    return (FiberState) Strand.requireOf(reactor.loop(), verb, bundle).body();
  }

  public ReactorFibers reactor() {
    return reactor;
  }

  /** The fiber that opened the block, or null if the bundle is detached. */
  public @Nullable FiberState opener() {
    return opener;
  }

  public Scope scope() {
    return scope;
  }

  public BundleFailures failures() {
    return failures;
  }

  // ---- children

  /** Returns the calling fiber, which may start a child. */
  public FiberState requireStarter() {
    FiberState starter = requireSameReactor("start a child of");
    starter.strand().throwIfCancelled("start a child of", bundle);
    if (state != State.OPEN) {
      throw new IllegalStateException("start a child: " + bundle + " is closed");
    }
    return starter;
  }

  /** Starts {@code child}, which was made for this bundle. */
  public void start(FiberState child) {
    StackReserve.check();
    child.begin(childDeadline());
    children.add(child);
    if (cancelled) {
      child.strand().cancel();
    }
  }

  /** The deadline of the children. In a block this includes the deadlines of enclosing scopes. */
  private long childDeadline() {
    return opener == null ? ownDeadline : scope.deadline();
  }

  /** Called on the reactor's thread, outside any fiber. */
  void childEnded(FiberState child) {
    children.remove(child);
    Throwable thrown = child.failure();
    if (thrown != null && !child.wasCancelledCleanly()) {
      boolean hasExpired = childDeadline() <= reactor.loop().clock().nanoTime();
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

  public void cancel() {
    cancelled = true;
    children.cancel();
  }

  public @Nullable FiberState firstChild() {
    return children.first();
  }

  /** Whether {@code fiber} is a child of this bundle, or runs in a block inside such a child. */
  public boolean hasAmongChildren(FiberState fiber) {
    FiberState below = fiber;
    for (BundleState around; below != null && (around = below.bundle()) != null; ) {
      if (around == this) {
        return true;
      }
      below = around.opener;
    }
    return false;
  }

  public void await(FiberState waiter, long deadline) {
    Strand strand = waiter.strand();
    strand.checkBeforeWait("await", bundle, deadline, WaitMode.INTERNAL);
    while (children.count() > 0 && !failures.exist()) {
      strand.await(waiters, "await", bundle, deadline, WaitMode.INTERNAL);
    }
    if (failures.exist()) {
      throw failures.toThrow(opener == null || waiter == opener);
    }
    if (failures.includeExpiry()) { // the wait may have ended before the caller's own deadline
      strand.checkBeforeWait("await", bundle, deadline, WaitMode.INTERNAL);
    }
  }

  // ---- owners

  public void requireTransferable() {
    requireSameReactor("transfer");
    if (opener != null) {
      throw new IllegalStateException("transfer: " + bundle + " is a block of its fiber");
    }
    if (state != State.OPEN) {
      throw new IllegalStateException("transfer: " + bundle + " is closed");
    }
  }

  public void moveTo(Wards owner) {
    if (ownerList != null) {
      ownerList.remove(this);
    }
    ownerList = owner;
    owner.add(this);
  }

  /** Returns the bundles that this one owns. */
  public Wards wards() {
    Wards mine = wards;
    if (mine == null) {
      mine = new Wards(this);
      wards = mine;
    }
    return mine;
  }

  /** The enclosing bundle, or the owner if detached; null if there is none. */
  private @Nullable BundleState around() {
    if (opener != null) {
      return opener.bundle();
    }
    return ownerList == null ? null : ownerList.owner;
  }

  /** Whether it is {@code outer}, or is enclosed or owned by it, also indirectly. */
  public boolean isWithin(BundleState outer) {
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

  /**
   * Ends the children, and then the bundles that it owns, the newest first, with all that they own.
   */
  public void end(Strand closer, WaitMode wait) {
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
      closer.await(waiters, "close", bundle, TimerQueue.NEVER, wait);
    }
  }

  private void closed() {
    if (state == State.CLOSED) {
      return; // another fiber has closed it meanwhile
    }
    state = State.CLOSED;
    if (opener != null) {
      opener.strand().leave(scope);
    }
    if (ownerList != null) {
      ownerList.remove(this);
    }
  }

  /** Reports a failure that no call has thrown, after the owner has closed the bundle. */
  private void reportUndelivered() {
    TaskFailedException undelivered = failures.takeUndelivered();
    if (undelivered != null) {
      reactor.uncaught(failures.firstFailed(), undelivered);
    }
  }

  /** Leaves the close to whoever leaves the scope around the block: there is no stack for it. */
  public void closeLater() {
    isOverdue = true;
  }

  boolean isOverdue() {
    return isOverdue;
  }

  /** Closes a block that could not be closed before, because the stack was short. */
  void closeOverdue(Strand closer) {
    end(closer, WaitMode.CLOSING);
    reportUndelivered();
  }

  /** Closes a bundle that the reactor owns. */
  void closeByReactor(Strand closer) {
    end(closer, WaitMode.CLOSING);
    reportUndelivered();
  }

  /**
   * Closes a block that its fiber, {@code owner}, has left open; returns the exception that says
   * so, or null if the fiber has tried to close it.
   */
  @Nullable IllegalStateException closeForgotten(FiberState owner) {
    Throwable unended = null;
    try {
      end(owner.strand(), WaitMode.CLOSING);
    } catch (PinnedException | StackOverflowError e) { // the children have been cancelled
      owner.strand().leave(scope);
      unended = e;
    }
    if (isOverdue) {
      reportUndelivered();
      return null;
    }
    IllegalStateException mistake =
        new IllegalStateException(owner + " went on without closing " + bundle);
    if (unended != null) {
      mistake.addSuppressed(unended);
    }
    TaskFailedException undelivered = failures.takeUndelivered();
    if (undelivered != null) {
      mistake.addSuppressed(undelivered);
    }
    return mistake;
  }

  public String describe() {
    int live = children.count();
    String what = name == null ? "bundle" : name;
    String whose = opener == null ? "detached " + what : what + " of " + opener;
    return whose + " (" + live + (live == 1 ? " child)" : " children)");
  }
}

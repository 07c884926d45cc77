// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.fiber;

import dev.weft.error.CancelledException;
import dev.weft.error.TaskCancelledException;
import dev.weft.error.TaskFailedException;
import dev.weft.internal.failure.Failures;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.HeldResource;
import dev.weft.internal.strand.HostedStrand;
import dev.weft.internal.strand.Scope;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import org.jspecify.annotations.Nullable;

/**
 * The fiber's state as the scheduler sees it. The subclass runs the fiber's task: {@link #run} must
 * call {@link #failed} with what the task throws, and then {@link #finish}.
 */
public abstract class FiberState extends Strand.Body {
  private final ReactorFibers reactor;
  private final long id;
  private final @Nullable String name;

  /** Whether joiners want its result, and so must hear of it if it was cancelled. */
  private final boolean computes;

  /** Whether its failure cancels all other fibers. */
  private final boolean isMain;

  /** The fibers that wait for its end; created on first use. */
  private @Nullable WaitList joiners;

  private @Nullable Strand strand;
  private @Nullable Object result;
  private @Nullable Throwable failure;
  private boolean ended;

  /** How many fibers had ended when it did, itself included; wraps around. */
  private int endNumber;

  /** Whether a fiber has received, or is about to receive, this fiber's outcome. */
  private boolean observed;

  /** Whether a join or close has thrown {@link #failure}. */
  private boolean cancellationSeen;

  /** Whether it is in no bundle, and counted among the reactor's such fibers. */
  private boolean isRoot;

  // ---- its place in the tree of bundles
  private final @Nullable BundleState bundle;
  @Nullable FiberState nextSibling;
  @Nullable FiberState previousSibling;

  /** Pairs of a fiber local variable and its value, or null. */
  private @Nullable Object @Nullable [] locals;

  /**
   * Makes the state of a fiber that has not started.
   *
   * @param bundle the bundle whose child it is, or null
   * @param computes whether joiners want its result
   * @param isMain whether its failure cancels all other fibers, and is thrown to who runs the
   *     reactor
   */
  protected FiberState(
      ReactorFibers reactor,
      @Nullable BundleState bundle,
      @Nullable String name,
      boolean computes,
      boolean isMain) {
    this.reactor = reactor;
    this.bundle = bundle;
    this.id = reactor.nextFiberId();
    this.name = name;
    this.computes = computes;
    this.isMain = isMain;
    observed = isMain;
  }

  /** The user's object for this fiber. */
  public abstract Object fiber();

  /** Whether joiners want the result of the task. */
  protected final boolean computes() {
    return computes;
  }

  /** The task, which decides whether the fiber needs a stack. */
  protected abstract Object task();

  /** Returns the fiber that is running on this thread, or null. */
  public static @Nullable FiberState current() {
    Strand strand = Strand.current();
    return strand == null ? null : (FiberState) strand.body();
  }

  /** Returns the fiber that is running on this thread, or throws if there is none. */
  public static FiberState require(String verb) {
    return (FiberState) Strand.require(verb).body();
  }

  /** Lets {@code hosted} run it, which nothing else starts. */
  public void hostedBy(HostedStrand hosted) {
    strand = hosted;
  }

  /** Starts it. */
  public void begin(long deadline) {
    strand = reactor.loop().start(this, name, reactor.runsStackless(task()), deadline);
    if (bundle == null) {
      isRoot = true;
      reactor.rootStarted();
    }
  }

  public Strand strand() {
    assert strand != null;
    return strand;
  }

  /** Returns the calling fiber, which is about to wait for the end of this one. */
  public Strand requireJoiner(String verb) {
    Strand joiner = Strand.requireOf(reactor.loop(), verb, this);
    if (joiner == strand) {
      throw new IllegalStateException(this + " can't " + verb + " itself");
    }
    return joiner;
  }

  /**
   * Returns the result to a fiber that has waited for the end, or throws the failure. If the fiber
   * ended because of a cancel, this throws only if the fiber was to compute a result.
   */
  public @Nullable Object joined() {
    observed = true;
    Throwable thrown = failure;
    if (thrown == null || (!computes && wasCancelledCleanly())) {
      return result;
    }
    cancellationSeen = true;
    throw wasCancelledCleanly()
        ? new TaskCancelledException(this + " was cancelled", thrown)
        : taskFailed(thrown);
  }

  private TaskFailedException taskFailed(Throwable thrown) {
    return new TaskFailedException(this + " failed: " + Failures.text(thrown), thrown);
  }

  /** Cancels the fiber and waits for its end, even if the caller is cancelled meanwhile. */
  public void close() {
    Strand closer = requireJoiner("close");
    BundleState around = ((FiberState) closer.body()).bundle;
    if (around != null && around.isHeldBy(this)) {
      throw new IllegalStateException(
          closer.body() + " can't close " + this + ": it is in it, and would wait for itself");
    }
    StackReserve.check();
    if (!ended) {
      strand().cancel();
    }
    while (!ended) {
      closer.await(joiners(), "close", fiber(), TimerQueue.NEVER, WaitMode.JOINING);
    }
    observed = true;
    Throwable thrown = failure;
    if (thrown != null && !cancellationSeen && !wasCancelledCleanly()) {
      cancellationSeen = true;
      throw taskFailed(thrown);
    }
  }

  /**
   * Returns the innermost bundle that the fiber has open, or else the one that it runs in, or null.
   */
  public @Nullable BundleState innermostBundle() {
    for (Scope scope = strand().scope(); scope != null; scope = scope.outer()) {
      BundleState opened = BundleState.of(scope);
      if (opened != null) {
        return opened;
      }
    }
    return bundle;
  }

  public WaitList joiners() {
    WaitList list = joiners;
    if (list == null) {
      list = new WaitList();
      joiners = list;
    }
    return list;
  }

  /** Called by {@link #run} with the result of the task. */
  protected final void succeeded(@Nullable Object value) {
    result = value;
  }

  /** Called by {@link #run} with what the task has thrown. */
  protected final void failed(Throwable thrown) {
    failure = thrown;
    if (isMain) {
      reactor.loop().cancelAll();
    }
  }

  /** Called by {@link #run} at its end: closes and releases what the task has left. Suspends. */
  protected final void finish() {
    try {
      closeForgotten(null);
    } catch (Throwable mistake) {
      fail(mistake);
    }
    releaseAbandoned();
  }

  @Override
  protected void aborted(Throwable thrown) {
    fail(thrown);
    if (isMain) {
      reactor.loop().cancelAll();
    }
  }

  /**
   * Closes the bundles that the fiber has left open inside {@code outer}: no scope may outlive the
   * code that opened it.
   *
   * @throws IllegalStateException if there was one
   */
  public void closeForgotten(@Nullable Scope outer) {
    IllegalStateException mistake = null;
    for (Scope scope; (scope = strand().scope()) != outer && scope != null; ) {
      BundleState forgotten = BundleState.of(scope);
      assert forgotten != null : scope; // other scopes are left by the code that entered them
      IllegalStateException another = forgotten.closeForgotten(this);
      if (mistake == null) {
        mistake = another;
      } else if (another != null) {
        mistake.addSuppressed(another);
      }
    }
    if (mistake != null) {
      throw mistake;
    }
  }

  /** Closes the innermost blocks in {@code outer} whose own close had too little stack. */
  public void closeOverdue(Scope outer) {
    for (Scope scope; (scope = strand().scope()) != outer && scope != null; ) {
      BundleState state = BundleState.of(scope);
      if (state == null || !state.isOverdue()) {
        return;
      }
      state.closeOverdue(strand());
    }
  }

  private void releaseAbandoned() {
    for (HeldResource held; (held = strand().heldResource()) != null; ) {
      try {
        fail(new IllegalStateException(this + " has ended and still held " + held));
        held.releaseAbandoned();
      } catch (Throwable e) { // the other resources must still be released
        fail(e);
        if (strand().heldResource() == held) {
          held.releaseBy(strand());
        }
      }
    }
  }

  private void fail(Throwable mistake) {
    Throwable first = failure;
    if (first == null) {
      failure = mistake;
    } else if (first != mistake) {
      Failures.suppress(first, mistake);
    }
  }

  /** Called before {@link #ended}: its outcome has been received, so it is not reported. */
  protected final void markObserved() {
    observed = true;
  }

  @Override
  protected void ended() {
    ended = true;
    endNumber = reactor.nextEnd();
    if (joiners != null) {
      observed |= !joiners.isEmpty();
      joiners.wakeAll();
    }
    try {
      if (bundle != null) {
        bundle.childEnded(this);
      } else if (failure != null && !observed && !wasCancelledCleanly()) {
        reactor.uncaught(fiber(), failure);
      }
    } finally {
      if (isRoot) {
        reactor.rootEnded();
      }
    }
  }

  /** Whether the fiber ended only because it was cancelled. */
  public boolean wasCancelledCleanly() {
    return failure != null
        && strand().isCancelled()
        && Failures.allMatch(failure, FiberState::isCancellation);
  }

  /**
   * Whether {@code thrown} is an exception that a cancel causes, in calls of Weft or in calls of
   * the JDK, which it interrupts. The failure of a cleanup, suppressed in such an exception, is not
   * one.
   */
  private static boolean isCancellation(Throwable thrown) {
    return thrown instanceof CancelledException
        || thrown instanceof InterruptedException
        || thrown instanceof ClosedByInterruptException
        || thrown.getClass() == InterruptedIOException.class; // not a SocketTimeoutException
  }

  // ---- what the user's objects show

  public ReactorFibers reactor() {
    return reactor;
  }

  public long id() {
    return id;
  }

  /** The bundle whose child it is, or null. */
  public @Nullable BundleState bundle() {
    return bundle;
  }

  public boolean hasEnded() {
    return ended;
  }

  /** How many fibers had ended when it did, itself included; wraps around. */
  int endNumber() {
    return endNumber;
  }

  /** What the task has returned; null before. */
  public @Nullable Object result() {
    return result;
  }

  /** What the fiber has failed with, or null. */
  public @Nullable Throwable failure() {
    return failure;
  }

  public @Nullable Object @Nullable [] locals() {
    return locals;
  }

  public void setLocals(@Nullable Object[] locals) {
    this.locals = locals;
  }

  /** The sibling that was started next, or null. */
  public @Nullable FiberState nextSibling() {
    return nextSibling;
  }

  /** The name; a fiber without one is called by its number. */
  @Override
  public String toString() {
    return name != null ? name : "fiber-" + id;
  }
}

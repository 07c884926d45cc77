// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.error.CancelledException;
import dev.weft.error.TaskCancelledException;
import dev.weft.error.TaskFailedException;
import dev.weft.internal.failure.Failures;
import dev.weft.internal.strand.HeldResource;
import dev.weft.internal.strand.HostedStrand;
import dev.weft.internal.strand.Scope;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The fiber's state as the scheduler sees it; not part of the API. */
final class FiberState extends Strand.Body {
  /** The task of a hosted strand, whose code its host runs. */
  private static final FiberTask NOTHING = () -> {};

  final Fiber fiber = new Fiber(this);
  final Reactor reactor;
  final long id;
  final @Nullable String name;

  /** A {@link FiberTask}, or if {@link #computes} a {@link FiberCall}. */
  private final Object task;

  private final boolean computes;

  /** Whether its failure cancels all other fibers. */
  private final boolean isMain;

  /** The fibers that wait for its end; created on first use. */
  private @Nullable WaitList joiners;

  private @Nullable Strand strand;
  @Nullable Object result;
  @Nullable Throwable failure;
  boolean ended;

  /** Whether a fiber has received, or is about to receive, this fiber's outcome. */
  boolean observed;

  /** Whether a join or close has thrown {@link #failure}. */
  private boolean cancellationSeen;

  /** Whether it is in no bundle, and counted among the reactor's such fibers. */
  private boolean isRoot;

  // ---- its place in the tree of bundles
  final @Nullable BundleState bundle;
  @Nullable FiberState nextSibling;
  @Nullable FiberState previousSibling;

  /** Pairs of a {@link FiberLocal} and its value, or null. */
  @Nullable Object @Nullable [] locals;

  private FiberState(
      Reactor reactor,
      @Nullable BundleState bundle,
      @Nullable String name,
      Object task,
      boolean computes,
      boolean isMain) {
    this.reactor = reactor;
    this.bundle = bundle;
    this.id = reactor.nextFiberId();
    this.name = name;
    this.task = Objects.requireNonNull(task, "task"); // before it is counted as started
    this.computes = computes;
    this.isMain = isMain;
  }

  /** Creates the state of a fiber that has not started and is in no bundle. */
  static FiberState of(Reactor reactor, @Nullable String name, FiberTask task) {
    return new FiberState(reactor, null, name, task, false, false);
  }

  /** Creates the state of a bundle's child that has not started. */
  static FiberState child(
      BundleState bundle, Reactor reactor, @Nullable String name, Object task, boolean computes) {
    return new FiberState(reactor, bundle, name, task, computes, false);
  }

  /** Creates the state of a reactor's first fiber. */
  static FiberState main(Reactor reactor, Object task, boolean computes) {
    FiberState main = new FiberState(reactor, null, "main", task, computes, true);
    main.observed = true;
    return main;
  }

  /** Returns the fiber that is running on this thread, or null. */
  static @Nullable FiberState current() {
    Strand strand = Strand.current();
    return strand == null ? null : (FiberState) strand.body();
  }

  /** Returns the fiber that is running on this thread, or throws if there is none. */
  static FiberState require(String verb) {
    return (FiberState) Strand.require(verb).body();
  }

  /** Returns the factory of the strands hosted by fibers of {@code reactor}. */
  static HostedStrand.Maker hostedStrands(Object reactor) {
    return (name, make) -> {
      FiberState state = FiberState.of((Reactor) reactor, name, NOTHING);
      HostedStrand hosted = make.apply(state);
      state.strand = hosted;
      return hosted;
    };
  }

  void begin(long deadline) {
    strand = reactor.loop().start(this, name, reactor.runsStackless(task), deadline);
    if (bundle == null) {
      isRoot = true;
      reactor.rootStarted();
    }
  }

  Strand strand() {
    assert strand != null;
    return strand;
  }

  /** Returns the calling fiber, which is about to wait for the end of this one. */
  Strand requireJoiner(String verb) {
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
  @Nullable Object joined() {
    observed = true;
    Throwable thrown = failure;
    if (thrown == null || (!computes && wasCancelledCleanly())) {
      return result;
    }
    cancellationSeen = true;
    throw wasCancelledCleanly()
        ? new TaskCancelledException(this + " was cancelled", thrown)
        : failed(thrown);
  }

  private TaskFailedException failed(Throwable thrown) {
    return new TaskFailedException(this + " failed: " + Failures.text(thrown), thrown);
  }

  /** Cancels the fiber and waits for its end, even if the caller is cancelled meanwhile. */
  void close() {
    Strand closer = requireJoiner("close");
    BundleState around = ((FiberState) closer.body()).bundle;
    if (around != null && around.isHeldBy(this)) {
      throw new IllegalStateException(
          closer.body() + " can't close " + this + ": it is in it, and would wait for itself");
    }
    if (!ended) {
      strand().cancel();
    }
    while (!ended) {
      closer.await(joiners(), "close", fiber, Deadline.NEVER.nanoTime(), WaitMode.JOINING);
    }
    observed = true;
    Throwable thrown = failure;
    if (thrown != null && !cancellationSeen && !wasCancelledCleanly()) {
      cancellationSeen = true;
      throw failed(thrown);
    }
  }

  /**
   * Returns the innermost bundle that the fiber has open, or else the one that it runs in, or null.
   */
  @Nullable BundleState innermostBundle() {
    for (Scope scope = strand().scope(); scope != null; scope = scope.outer()) {
      BundleState opened = BundleState.of(scope);
      if (opened != null) {
        return opened;
      }
    }
    return bundle;
  }

  WaitList joiners() {
    WaitList list = joiners;
    if (list == null) {
      list = new WaitList();
      joiners = list;
    }
    return list;
  }

  @Override
  protected void run() {
    try {
      if (computes) {
        result = ((FiberCall<?>) task).call();
      } else {
        ((FiberTask) task).run();
      }
    } catch (Throwable e) {
      failure = e;
      if (isMain) {
        reactor.loop().cancelAll();
      }
    }
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
  void closeForgotten(@Nullable Scope outer) {
    IllegalStateException mistake = null;
    for (Scope scope; (scope = strand().scope()) != outer && scope != null; ) {
      BundleState forgotten = BundleState.of(scope);
      assert forgotten != null : scope; // other scopes are left by the code that entered them
      IllegalStateException another = forgotten.closeForgotten(this);
      if (mistake == null) {
        mistake = another;
      } else {
        mistake.addSuppressed(another);
      }
    }
    if (mistake != null) {
      throw mistake;
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

  @Override
  protected void ended() {
    ended = true;
    if (joiners != null) {
      observed |= !joiners.isEmpty();
      joiners.wakeAll();
    }
    try {
      if (bundle != null) {
        bundle.childEnded(this);
      } else if (failure != null && !observed && !wasCancelledCleanly()) {
        reactor.uncaught(fiber, failure);
      }
    } finally {
      if (isRoot) {
        reactor.rootEnded();
      }
    }
  }

  /** Whether the fiber ended only because it was cancelled. */
  boolean wasCancelledCleanly() {
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

  @Override
  public String toString() {
    return fiber.toString();
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.error.CancelledException;
import dev.weft.error.Errno;
import dev.weft.internal.backend.Op;
import dev.weft.internal.failure.UncaughtFailures;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.routine.Routine;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Something that a reactor runs until it suspends, and resumes later. Every suspending call of the
 * library ends in one of the {@code park}s of {@link Schedulable}, and nothing else does.
 */
public abstract class Strand extends Waiting {
  /** What a strand runs; if it is stackless, the outermost frame as well. */
  public abstract static class Body extends Routine {
    public Body() {}

    /** Runs on the strand. What it throws goes to {@link #aborted}. */
    @Override
    protected abstract void run();

    /** Called on the strand, or after it, if {@link #run} has thrown or could not be run. */
    protected void aborted(Throwable failure) {
      UncaughtFailures.report(failure);
    }

    /** Called once on the reactor's thread, outside any strand, after the strand has ended. */
    protected abstract void ended();
  }

  /** Where a strand stands. */
  public enum State {
    NEW,
    READY,
    RUNNING,
    YIELDING,
    PARKED,
    BLOCKED,
    ENDED
  }

  Strand(EventLoop loop, Body body, long deadline) {
    super(loop, body, deadline);
  }

  /** The strand that is running on the calling thread, or null. */
  public static @Nullable Strand current() {
    Strand simple = StrandTable.simple();
    return simple != null ? simple : search();
  }

  private static @Nullable Strand search() {
    Strand carrier = carrier();
    StrandHost host = carrier == null ? null : carrier.host;
    Strand guest = host == null ? null : host.guest();
    return guest == null ? carrier : guest;
  }

  /**
   * The strand that is running on the calling thread.
   *
   * @throws WrongThreadException if there is none
   */
  public static Strand require(String verb) {
    Strand simple = StrandTable.simple();
    return simple != null ? simple : search(verb);
  }

  private static Strand search(String verb) {
    Strand strand = search();
    if (strand == null) {
      throw new WrongThreadException(
          verb + " must be called in a fiber, but was called on " + Thread.currentThread());
    }
    strand.acquireBaton();
    return strand;
  }

  /** Whether it is not the loop that runs it, but another strand. */
  public final boolean isGuest() {
    return runsIn() != this;
  }

  /**
   * The strand that is running on the calling thread, which must be one of {@code loop}.
   *
   * @throws WrongThreadException if there is none, or it is another reactor's
   */
  public static Strand requireOf(EventLoop loop, String verb, Object subject) {
    Strand simple = loop.ownSimple();
    return simple != null ? simple : search(loop, verb, subject);
  }

  private static Strand search(EventLoop loop, String verb, Object subject) {
    Strand strand = search(verb);
    if (strand.loop != loop) {
      throw loop.stranger(verb, subject);
    }
    return strand;
  }

  // ---- calls made by the strand itself

  /**
   * Carries out {@code op}, which is this strand's, and waits for its end. Suspends.
   *
   * @param deadline when to cancel it, or {@link TimerQueue#NEVER}
   * @return at least 0, or -errno. An operation that ended in spite of a cancel or a deadline is
   *     reported as if there had been none: what it did must not be lost
   */
  public final int perform(String verb, Object subject, Op op, long deadline, WaitMode wait) {
    assert loop.isCurrent(this) : this;
    long effective = checkBeforeWait(verb, subject, deadline, wait);
    prepare(effective);
    loop.backend().submit(op);
    if (op.isDone()) {
      return op.result();
    }
    beginOperation(op, verb, subject, effective, wait);
    return parkForInt(PERFORMED);
  }

  /**
   * As {@link #perform}, and carries {@code op} out again whenever a signal has interrupted it
   * before it did anything: for operations that can simply be repeated.
   *
   * @return at least 0, or -errno, but never -EINTR
   */
  public final int performRepeatedly(
      String verb, Object subject, Op op, long deadline, WaitMode wait) {
    MemorySegment memory = op.memory();
    int result;
    do {
      op.use(memory); // it has let go of it at the end of the last attempt
      result = perform(verb, subject, op, deadline, wait);
    } while (result == -Errno.EINTR.code());
    return result;
  }

  /** As {@link #perform}, with no end but the operation's own, not even a cancel. */
  public final int performShielded(String verb, Object subject, Op op) {
    return perform(verb, subject, op, TimerQueue.NEVER, WaitMode.SHIELDED);
  }

  /** Waits in {@code list} until woken, with {@link #node}. Suspends. */
  public final void await(
      WaitList list, String verb, Object subject, long deadline, WaitMode wait) {
    awaitUntil(
        list,
        verb,
        subject,
        checkBeforeWait(verb, subject, deadline, wait),
        wait,
        WaitCompletion.NONE);
  }

  /**
   * As {@link #await}, with the {@code nearest} deadline that {@link #checkBeforeWait} has told,
   * and with an {@code ending} of its own, whose result nobody gets.
   */
  public final void awaitUntil(
      WaitList list,
      String verb,
      Object subject,
      long effective,
      WaitMode wait,
      WaitCompletion ending) {
    WaitNode mine = node();
    prepare(effective);
    list.add(mine);
    begin(verb, subject, effective, wait);
    park(ending);
  }

  /** As {@link #awaitUntil}; returns what {@code ending} makes. */
  public final @Nullable Object awaitResult(
      WaitList list,
      String verb,
      Object subject,
      long effective,
      WaitMode wait,
      WaitCompletion ending) {
    WaitNode mine = node();
    prepare(effective);
    list.add(mine);
    begin(verb, subject, effective, wait);
    return parkForResult(ending);
  }

  /**
   * Makes what a wait until {@code deadline} needs: to be called before the first clause of an
   * {@link #awaitAny} is put in a list, which can't fail for want of memory then.
   */
  public final void prepareToWait(long deadline) {
    prepare(effectiveDeadline(deadline));
  }

  /** Takes those of {@code clauses} out of their lists that are in one. */
  public final void withdraw(WaitNode[] clauses) {
    for (WaitNode clause : clauses) {
      clause.withdraw();
    }
  }

  /**
   * Waits until one of several clauses fires, each of which is this strand's and in a list.
   * Suspends. None of them is in a list afterwards.
   *
   * @param deadline as {@link #prepareToWait} was given
   * @param ending calls {@link #chosen}
   */
  public final @Nullable Object awaitAny(
      WaitNode[] clauses, String verb, Object subject, long deadline, WaitCompletion ending) {
    beginChoice(clauses, verb, subject, deadline);
    return parkForResult(ending);
  }

  /** Waits until the clock reads {@code deadline}. Suspends. */
  public final void sleepUntil(long deadline) {
    checkBeforeWait("sleep", NOTHING, TimerQueue.NEVER, WaitMode.EXTERNAL);
    if (deadline <= loop.clock().nanoTime()) {
      yieldNow();
      return;
    }
    prepare(effectiveDeadline(deadline));
    beginSleep(deadline);
    park(SLEPT);
  }

  /** Lets every other strand that can run do so first. Suspends. */
  public final void yieldNow() {
    assert loop.isCurrent(this) : this;
    checkBeforeWait("yield", NOTHING, TimerQueue.NEVER, WaitMode.EXTERNAL);
    yieldOut();
  }

  /** Throws if the strand is cancelled, or a scope that it is in has failed. */
  public final void throwIfCancelled(String verb, Object subject) {
    if (mustUnwind()) {
      throw exception(Interruption.OVER, verb, subject);
    }
  }

  /**
   * Throws if the strand is to end, or if {@code deadline} or a scope's deadline has passed: what
   * each call that may suspend begins with, even if it turns out not to.
   *
   * @return the nearest deadline
   */
  public final long checkBeforeWait(String verb, Object subject, long deadline, WaitMode wait) {
    if (wait.isShielded()) {
      return deadline;
    }
    throwIfCancelled(verb, subject);
    long effective = effectiveDeadline(deadline);
    if (effective != TimerQueue.NEVER) {
      refuseIfPast(verb, subject, effective);
    }
    return effective;
  }

  private void refuseIfPast(String verb, Object subject, long effective) {
    long now = loop.clock().nanoTime();
    if (effective <= now) {
      boolean scopes = scopeDeadline() <= now;
      throw exception(scopes ? Interruption.SCOPE_EXPIRED : Interruption.EXPIRED, verb, subject);
    }
  }

  /** The newest of the things that it holds and has to give back, or null. */
  public final @Nullable HeldResource possession() {
    return possessions;
  }

  // ---- scopes

  /** The scope that the strand has entered last and not left, or null. */
  public final @Nullable Scope scope() {
    ScopeStack all = scopesIfAny();
    return all == null ? null : all.innermost();
  }

  /** The nearest deadline of the scopes that it is in, which those that it starts inherit. */
  public final long scopeDeadline() {
    return effectiveDeadline(TimerQueue.NEVER);
  }

  /** Enters {@code scope}; called by the strand itself. */
  public void enter(Scope scope) {
    ScopeStack all = scopes();
    boolean shielded = all.isShielded();
    all.enter(scope);
    scopesChanged(all);
    if (scope.shield && !shielded) {
      clearInterrupt(); // a cancel's, which must not end the JDK's calls in the shield
    }
  }

  /** Leaves {@code scope}, the innermost; called by the strand itself. */
  public void leave(Scope scope) {
    ScopeStack all = scopes();
    all.leave(scope);
    scopesChanged(all);
    if (scope.shield && isCancelled() && !all.isShielded()) {
      interruptThread();
    }
  }

  /**
   * Ends this strand's waits in {@code scope}, the present one and later ones, with its failure.
   */
  public final void fail(Scope scope) {
    scope.failed = true;
    ScopeStack all = scopes(); // there are some: it is in one
    all.update();
    scopesChanged(all);
    if (mustUnwind()) {
      interrupt(Interruption.OVER);
    }
  }

  // ---- calls made by others, on the reactor's thread

  /**
   * Ends the present wait with a {@link CancelledException}, and every later one; the thread is
   * interrupted, so that the blocking calls of the JDK end too. What is shielded goes on. Allocates
   * nothing, so that it does not fail where memory is short.
   */
  public final void cancel() {
    if (!isCancelled()) {
      noteCancel();
      ScopeStack all = scopesIfAny();
      if (all == null || !all.isShielded()) {
        interrupt(Interruption.OVER);
        interruptThread();
      }
    }
  }

  @Override
  public String toString() {
    return body() + " " + state;
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.sched;

import dev.weft.error.CancelledException;
import dev.weft.error.Errno;
import dev.weft.internal.backend.Op;
import dev.weft.internal.os.UncaughtFailures;
import dev.weft.weave.Routine;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Something that a reactor runs until it suspends, and resumes later. Every suspending call of the
 * library ends in one of the {@code park}s of {@link Schedulable}, and nothing else does.
 */
public abstract class Strand extends Waiting {
  /** What a strand runs; if it is stackless, the outermost frame as well. */
  public abstract static class Body extends Routine {
    protected Body() {}

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
    ABROAD,
    ENDED
  }

  Strand(EventLoop loop, Body body, long due) {
    super(loop, body, due);
  }

  /** The strand that is running on the calling thread, or null. */
  public static @Nullable Strand current() {
    Strand simple = StrandTable.simple();
    return simple != null ? simple : search();
  }

  private static @Nullable Strand search() {
    Strand carrier = carrier();
    Host host = carrier == null ? null : carrier.host;
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
    strand.claim();
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
   * @param due when to cancel it, or {@link TimerQueue#NEVER}
   * @return at least 0, or -errno. An operation that ended in spite of a cancel or a deadline is
   *     reported as if there had been none: what it did must not be lost
   */
  public final int perform(String verb, Object subject, Op op, long due, Wait wait) {
    assert loop.isCurrent(this) : this;
    long nearest = refuseIfOver(verb, subject, due, wait);
    prepare(nearest);
    loop.backend().submit(op);
    if (op.isDone()) {
      return op.result();
    }
    beginOperation(op, verb, subject, nearest, wait);
    return parkForInt(PERFORMED);
  }

  /**
   * As {@link #perform}, and carries {@code op} out again whenever a signal has interrupted it
   * before it did anything: for operations that can simply be repeated.
   *
   * @return at least 0, or -errno, but never -EINTR
   */
  public final int performRepeatedly(String verb, Object subject, Op op, long due, Wait wait) {
    MemorySegment memory = op.memory();
    int result;
    do {
      op.use(memory); // it has let go of it at the end of the last attempt
      result = perform(verb, subject, op, due, wait);
    } while (result == -Errno.EINTR.code());
    return result;
  }

  /** As {@link #perform}, with no end but the operation's own, not even a cancel. */
  public final int performShielded(String verb, Object subject, Op op) {
    return perform(verb, subject, op, TimerQueue.NEVER, Wait.SHIELDED);
  }

  /** Waits in {@code list} until woken, with {@link #clause}. Suspends. */
  public final void await(WaitList list, String verb, Object subject, long due, Wait wait) {
    awaitUntil(list, verb, subject, refuseIfOver(verb, subject, due, wait), wait, Ending.PLAIN);
  }

  /**
   * As {@link #await}, with the {@code nearest} deadline that {@link #refuseIfOver} has told, and
   * with an {@code ending} of its own, whose result nobody gets.
   */
  public final void awaitUntil(
      WaitList list, String verb, Object subject, long nearest, Wait wait, Ending ending) {
    Clause mine = clause();
    prepare(nearest);
    list.add(mine);
    begin(verb, subject, nearest, wait);
    park(ending);
  }

  /** As {@link #awaitUntil}; returns what {@code ending} makes. */
  public final @Nullable Object awaitResult(
      WaitList list, String verb, Object subject, long nearest, Wait wait, Ending ending) {
    Clause mine = clause();
    prepare(nearest);
    list.add(mine);
    begin(verb, subject, nearest, wait);
    return parkForResult(ending);
  }

  /**
   * Makes what a wait until {@code due} needs: to be called before the first clause of an {@link
   * #awaitAny} is put in a list, which can't fail for want of memory then.
   */
  public final void prepareToWait(long due) {
    prepare(nearest(due));
  }

  /** Takes those of {@code clauses} out of their lists that are in one. */
  public final void withdraw(Clause[] clauses) {
    for (Clause clause : clauses) {
      clause.withdraw();
    }
  }

  /**
   * Waits until one of several clauses fires, each of which is this strand's and in a list.
   * Suspends. None of them is in a list afterwards.
   *
   * @param due as {@link #prepareToWait} was given
   * @param ending calls {@link #chosen}
   */
  public final @Nullable Object awaitAny(
      Clause[] clauses, String verb, Object subject, long due, Ending ending) {
    beginChoice(clauses, verb, subject, due);
    return parkForResult(ending);
  }

  /** Waits until the clock reads {@code due}. Suspends. */
  public final void sleepUntil(long due) {
    refuseIfOver("sleep", NOTHING, TimerQueue.NEVER, Wait.OUTSIDE);
    if (due <= loop.clock().nanoTime()) {
      yieldNow();
      return;
    }
    prepare(nearest(due));
    beginSleep(due);
    park(SLEPT);
  }

  /** Lets every other strand that can run do so first. Suspends. */
  public final void yieldNow() {
    assert loop.isCurrent(this) : this;
    refuseIfOver("yield", NOTHING, TimerQueue.NEVER, Wait.OUTSIDE);
    yieldOut();
  }

  /** Throws if the strand is cancelled, or a scope that it is in has failed. */
  public final void throwIfCancelled(String verb, Object subject) {
    if (isOver()) {
      throw exception(Interruption.OVER, verb, subject);
    }
  }

  /**
   * Throws if the strand is to end, or if {@code due} or a scope's deadline has passed: what each
   * call that may suspend begins with, even if it turns out not to.
   *
   * @return the nearest deadline
   */
  public final long refuseIfOver(String verb, Object subject, long due, Wait wait) {
    if (wait.isShielded()) {
      return due;
    }
    throwIfCancelled(verb, subject);
    long nearest = nearest(due);
    if (nearest != TimerQueue.NEVER) {
      refuseIfPast(verb, subject, nearest);
    }
    return nearest;
  }

  private void refuseIfPast(String verb, Object subject, long nearest) {
    long now = loop.clock().nanoTime();
    if (nearest <= now) {
      boolean scopes = scopeDue() <= now;
      throw exception(scopes ? Interruption.SCOPE_EXPIRED : Interruption.EXPIRED, verb, subject);
    }
  }

  /** The newest of the things that it holds and has to give back, or null. */
  public final @Nullable Possession possession() {
    return possessions;
  }

  // ---- scopes

  /** The scope that the strand has entered last and not left, or null. */
  public final @Nullable Scope scope() {
    Scopes all = scopesIfAny();
    return all == null ? null : all.innermost();
  }

  /** The nearest deadline of the scopes that it is in, which those that it starts inherit. */
  public final long scopeDue() {
    return nearest(TimerQueue.NEVER);
  }

  /** Enters {@code scope}; called by the strand itself. */
  public void enter(Scope scope) {
    Scopes all = scopes();
    boolean shielded = all.isShielded();
    all.enter(scope);
    noteScopes(all);
    if (scope.shield && !shielded) {
      clearInterrupt(); // a cancel's, which must not end the JDK's calls in the shield
    }
  }

  /** Leaves {@code scope}, the innermost; called by the strand itself. */
  public void leave(Scope scope) {
    Scopes all = scopes();
    all.leave(scope);
    noteScopes(all);
    if (scope.shield && isCancelled() && !all.isShielded()) {
      interruptThread();
    }
  }

  /**
   * Ends this strand's waits in {@code scope}, the present one and later ones, with its failure.
   */
  public final void fail(Scope scope) {
    scope.failed = true;
    Scopes all = scopes(); // there are some: it is in one
    all.update();
    noteScopes(all);
    if (isOver()) {
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
      Scopes all = scopesIfAny();
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

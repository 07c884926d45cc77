// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.error.CancelledException;
import dev.weft.error.Errno;
import dev.weft.internal.backend.Op;
import dev.weft.internal.failure.UncaughtFailures;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.routine.Routine;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Code that a reactor runs until it suspends, and resumes later: the body of a fiber. Every
 * suspending call of the library suspends in one of the {@code park} methods of {@link
 * Schedulable}.
 */
public abstract class Strand extends Waiting {
  /** The code of a strand; the outermost frame if the strand is stackless. */
  public abstract static class Body extends Routine {
    public Body() {}

    /** Runs on the strand. {@link #aborted} gets what it throws. */
    @Override
    protected abstract void run();

    /** Called if {@link #run} threw or could not be called; on the strand or after its end. */
    protected void aborted(Throwable failure) {
      UncaughtFailures.report(failure);
    }

    /** Called once on the reactor's thread, outside any strand, after the strand has ended. */
    protected abstract void ended();
  }

  /** The state of a strand; {@link Schedulable} shows the transitions. */
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
    Strand fast = StrandTable.fastCurrent();
    return fast != null ? fast : slowCurrent();
  }

  private static @Nullable Strand slowCurrent() {
    Strand carrier = carrier();
    StrandHost host = carrier == null ? null : carrier.host;
    Strand hosted = host == null ? null : host.hostedStrand();
    return hosted == null ? carrier : hosted;
  }

  /**
   * The strand that is running on the calling thread.
   *
   * @throws WrongThreadException if there is none
   */
  public static Strand require(String verb) {
    Strand fast = StrandTable.fastCurrent();
    return fast != null ? fast : slowCurrent(verb);
  }

  private static Strand slowCurrent(String verb) {
    Strand strand = slowCurrent();
    if (strand == null) {
      throw new WrongThreadException(
          verb + " must be called in a fiber, but was called on " + Thread.currentThread());
    }
    strand.acquireBaton();
    return strand;
  }

  /** Whether another strand runs this one, and not the loop. */
  public final boolean isHosted() {
    return runsIn() != this;
  }

  /**
   * The strand that is running on the calling thread, which must be one of {@code loop}.
   *
   * @throws WrongThreadException if there is none, or it belongs to another reactor
   */
  public static Strand requireOf(EventLoop loop, String verb, Object subject) {
    Strand fast = loop.fastCurrentOwn();
    return fast != null ? fast : slowCurrent(loop, verb, subject);
  }

  private static Strand slowCurrent(EventLoop loop, String verb, Object subject) {
    Strand strand = slowCurrent(verb);
    if (strand.loop != loop) {
      throw loop.wrongThread(verb, subject);
    }
    return strand;
  }

  // ---- calls made by the strand itself

  /**
   * Submits {@code op}, the strand's operation, and waits until it is done. Suspends.
   *
   * @param deadline when to cancel the operation, or {@link TimerQueue#NEVER}
   * @return at least 0, or -errno. If the operation succeeds in spite of a cancel or a deadline,
   *     its result is returned, because what it did must not be lost
   */
  public final int perform(String verb, Object subject, Op op, long deadline, WaitMode wait) {
    assert loop.isCurrent(this) : this;
    StackReserve.check(); // what is submitted must be waited for
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
   * As {@link #perform}, and repeats {@code op} when a signal has interrupted it before it did
   * anything. For operations that can be repeated.
   *
   * @return at least 0, or -errno, but never -EINTR
   */
  public final int performRepeatedly(
      String verb, Object subject, Op op, long deadline, WaitMode wait) {
    MemorySegment memory = op.memory();
    int result;
    do {
      op.use(memory); // the operation dropped it when the last attempt ended
      result = perform(verb, subject, op, deadline, wait);
    } while (result == -Errno.EINTR.code());
    return result;
  }

  /** As {@link #perform}, without a deadline, and a cancel does not end it. */
  public final int performShielded(String verb, Object subject, Op op) {
    return perform(verb, subject, op, TimerQueue.NEVER, WaitMode.SHIELDED);
  }

  /** Waits in {@code list}, with {@link #node}, until woken. Suspends. */
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
   * As {@link #await}, with the {@code effective} deadline that {@link #checkBeforeWait} returned,
   * and with a {@code completion} whose result is dropped.
   */
  public final void awaitUntil(
      WaitList list,
      String verb,
      Object subject,
      long effective,
      WaitMode wait,
      WaitCompletion completion) {
    WaitNode mine = beginIn(verb, subject, effective, wait);
    parkIn(list, mine, completion);
  }

  /** As {@link #awaitUntil}; returns the result of {@code completion}. */
  public final @Nullable Object awaitResult(
      WaitList list,
      String verb,
      Object subject,
      long effective,
      WaitMode wait,
      WaitCompletion completion) {
    WaitNode mine = beginIn(verb, subject, effective, wait);
    return parkInForResult(list, mine, completion);
  }

  /** Begins a wait in a list; all that can fail is done before the node is in the list. */
  private WaitNode beginIn(String verb, Object subject, long effective, WaitMode wait) {
    WaitNode mine = node();
    prepare(effective);
    begin(verb, subject, effective, wait);
    return mine;
  }

  /**
   * Allocates what a wait until {@code deadline} needs. To be called before the first node of an
   * {@link #awaitAny} is put in a list, so that the wait can't fail because memory is short.
   */
  public final void prepareToWait(long deadline) {
    prepare(effectiveDeadline(deadline));
  }

  /** Removes those of {@code waitNodes} that are in a list from it. */
  public final void withdraw(WaitNode[] waitNodes) {
    for (WaitNode node : waitNodes) {
      node.withdraw();
    }
  }

  /**
   * Waits until one of {@code waitNodes} fires. All are nodes of this strand and in a list; none is
   * in a list afterwards. Suspends.
   *
   * @param deadline the one given to {@link #prepareToWait}
   * @param completion calls {@link #chosen}
   */
  public final @Nullable Object awaitAny(
      WaitNode[] waitNodes, String verb, Object subject, long deadline, WaitCompletion completion) {
    beginSelect(waitNodes, verb, subject, deadline);
    return parkForResult(completion);
  }

  /** Waits until the clock reads {@code deadline}. Suspends. */
  public final void sleepUntil(long deadline) {
    checkBeforeWait("sleep", NOTHING, TimerQueue.NEVER, WaitMode.EXTERNAL);
    if (deadline <= loop.clock().nanoTime()) {
      yieldNow();
      return;
    }
    StackReserve.check();
    prepare(effectiveDeadline(deadline));
    beginSleep(deadline);
    park(SLEPT);
  }

  /** Lets every other strand that can run go first. Suspends. */
  public final void yieldNow() {
    assert loop.isCurrent(this) : this;
    checkBeforeWait("yield", NOTHING, TimerQueue.NEVER, WaitMode.EXTERNAL);
    yieldOut();
  }

  /** Throws if the strand is cancelled or one of its scopes has failed, unless it is shielded. */
  public final void throwIfCancelled(String verb, Object subject) {
    if (mustUnwind()) {
      throw exception(Interruption.UNWIND, verb, subject);
    }
  }

  /**
   * Throws if the strand must unwind, or if {@code deadline} or a scope's deadline has passed. Each
   * call that may suspend begins with this check, even if it does not suspend.
   *
   * @return the nearest of these deadlines
   */
  public final long checkBeforeWait(String verb, Object subject, long deadline, WaitMode wait) {
    if (wait.isShielded()) {
      return deadline;
    }
    throwIfCancelled(verb, subject);
    long effective = effectiveDeadline(deadline);
    if (effective != TimerQueue.NEVER) {
      requireNotPast(verb, subject, effective);
    }
    return effective;
  }

  private void requireNotPast(String verb, Object subject, long effective) {
    long now = loop.clock().nanoTime();
    if (effective <= now) {
      boolean scopes = scopeDeadline() <= now;
      throw exception(scopes ? Interruption.SCOPE_EXPIRED : Interruption.EXPIRED, verb, subject);
    }
  }

  /** The resource that the strand acquired last of those that it holds, or null. */
  public final @Nullable HeldResource heldResource() {
    return heldResources;
  }

  // ---- scopes

  /** The scope that the strand has entered last and not left, or null. */
  public final @Nullable Scope scope() {
    ScopeStack all = scopesIfAny();
    return all == null ? null : all.innermost();
  }

  /** The nearest deadline of the strand's scopes; strands that it starts inherit it. */
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
      clearInterrupt(); // from a cancel; it must not end the JDK's calls in the shield
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
   * Makes the present and all later waits of this strand in {@code scope} throw the scope's
   * failure.
   */
  public final void fail(Scope scope) {
    scope.failed = true;
    ScopeStack all = scopes(); // not empty: the strand is in one
    all.update();
    scopesChanged(all);
    if (mustUnwind()) {
      interrupt(Interruption.UNWIND);
    }
  }

  // ---- calls made by others, on the reactor's thread

  /**
   * Makes the present and all later waits throw {@link CancelledException}, and interrupts the
   * thread, which ends blocking calls of the JDK. Shielded waits continue. Allocates nothing, so it
   * can't fail because memory is short.
   */
  public final void cancel() {
    if (!isCancelled()) {
      noteCancel();
      ScopeStack all = scopesIfAny();
      if (all == null || !all.isShielded()) {
        interrupt(Interruption.UNWIND);
        interruptThread();
      }
    }
  }

  @Override
  public String toString() {
    return body() + " " + state;
  }
}

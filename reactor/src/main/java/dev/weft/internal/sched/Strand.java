// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.sched;

import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.PinnedException;
import dev.weft.internal.backend.Op;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Something that a reactor runs until it suspends, and resumes later. Every suspending call of the
 * library ends in one of the {@code park}s of {@link Schedulable}, and nothing else does.
 */
public abstract class Strand extends Schedulable implements Op.Listener {
  /** What a strand runs. */
  public interface Body {
    /** Runs on the strand. What it throws is lost, so it should not. */
    void run();

    /** Called once on the reactor's thread, outside any strand, after the strand has ended. */
    void ended();
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

  /** Why a wait ended before what it waited for. */
  enum Interruption {
    /** The strand was cancelled, or a scope that it is in has failed. */
    OVER,
    EXPIRED
  }

  private static final Object NOTHING = "";

  // ---- the wait in progress
  @Nullable Op pendingOp;
  @Nullable Interruption interruption;
  private @Nullable Wait wait;
  private boolean interruptible;
  boolean hopeless;
  private String waitVerb = "";
  private Object waitSubject = NOTHING;
  private long waitSince;

  /** The clauses of a choice, or null while it waits for one thing at most. */
  Clause @Nullable [] choice;

  private @Nullable Clause fired;

  /** Until when a choice or a sleep is to wait by its own wish. */
  private long patience;

  // Made at the first use: many strands never do an operation, or wait in a list.
  private @Nullable Op op;
  @Nullable Clause clause;

  private @Nullable Expiry expiry;

  private final Scopes scopes;

  private final class Expiry extends TimerQueue.Timer {
    @Override
    protected void expired() {
      interrupt(Interruption.EXPIRED);
    }
  }

  Strand(EventLoop loop, Body body, long due) {
    super(loop, body);
    scopes = new Scopes(due);
  }

  /** The strand that is running on the calling thread, or null. */
  public static @Nullable Strand current() {
    Thread thread = Thread.currentThread();
    if (!thread.isVirtual()) {
      return EventLoop.stacklessOn(thread);
    }
    Strand strand = VirtualStrand.AVAILABLE ? VirtualStrand.on(thread) : null;
    return strand != null ? strand : BatonStrand.onCurrentThread();
  }

  /**
   * The strand that is running on the calling thread.
   *
   * @throws WrongThreadException if there is none
   */
  public static Strand require(String verb) {
    Strand strand = current();
    if (strand == null) {
      throw new WrongThreadException(
          verb + " must be called in a fiber, but was called on " + Thread.currentThread());
    }
    strand.claim();
    return strand;
  }

  public final boolean isCancelled() {
    return scopes.isCancelled();
  }

  /** The operation of this strand, for one blocking call at a time. */
  public final Op op() {
    Op mine = op;
    if (mine == null) {
      mine = loop.backend().create(this);
      op = mine;
    }
    return mine;
  }

  /** Its place in the list that it waits in, for one wait at a time. */
  public final Clause clause() {
    Clause mine = clause;
    if (mine == null) {
      mine = new Clause(this);
      clause = mine;
    }
    return mine;
  }

  /** What it waits for, such as "receive 127.0.0.1:7"; empty if it does not. */
  public final String waitingFor() {
    return switch (state) {
      case PARKED -> describe(waitVerb, waitSubject);
      case ABROAD -> "a blocking call of the JDK";
      default -> "";
    };
  }

  /**
   * The strand that is running on the calling thread, which must be one of {@code loop}.
   *
   * @throws WrongThreadException if there is none, or it is another reactor's
   */
  public static Strand requireOf(EventLoop loop, String verb, Object subject) {
    Strand strand = require(verb);
    if (strand.loop != loop) {
      loop.requireThread(verb, subject);
    }
    return strand;
  }

  /** When the present wait began, on the loop's clock as of that turn. */
  public final long waitSince() {
    return waitSince;
  }

  /** When the present wait is given up, or {@link TimerQueue#NEVER}. */
  public final long waitDue() {
    return expiry == null ? TimerQueue.NEVER : expiry.due();
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
    loop.backend().submit(op);
    if (op.isDone()) {
      return op.result();
    }
    pendingOp = op;
    begin(verb, subject, nearest, wait);
    return parkForInt(PERFORMED);
  }

  private static final Ending.OfInt PERFORMED =
      new Ending.OfInt() {
        @Override
        int number(Strand strand, boolean suspended) {
          return strand.performed(suspended);
        }
      };

  private int performed(boolean suspended) {
    Op op = Objects.requireNonNull(pendingOp);
    assert !suspended || op.isDone() : op;
    pendingOp = null;
    Interruption why = end();
    if (!suspended) {
      if (interruptible) {
        loop.backend().cancel(op);
      }
      loop.pollUntilDone(op);
      if (op.result() < 0 && interruptible) {
        throw pinned(waitVerb, waitSubject);
      }
    }
    int result = op.result();
    if (why != null && wasCutShort(result)) {
      throw exception(why, waitVerb, waitSubject);
    }
    return result;
  }

  /** As {@link #perform}, with no end but the operation's own, not even a cancel. */
  public final int performShielded(String verb, Object subject, Op op) {
    return perform(verb, subject, op, TimerQueue.NEVER, Wait.SHIELDED);
  }

  /** How a cancelled operation ends: with EINTR if a kernel worker was blocked in it. */
  private static boolean wasCutShort(int result) {
    return result == -Errno.ECANCELED.code() || result == -Errno.EINTR.code();
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
    list.add(clause());
    begin(verb, subject, nearest, wait);
    park(ending);
  }

  /** As {@link #awaitUntil}; returns what {@code ending} makes. */
  public final @Nullable Object awaitResult(
      WaitList list, String verb, Object subject, long nearest, Wait wait, Ending ending) {
    list.add(clause());
    begin(verb, subject, nearest, wait);
    return parkForResult(ending);
  }

  /**
   * Waits until one of several clauses fires, each of which is this strand's and in a list.
   * Suspends. None of them is in a list afterwards.
   *
   * @param ending calls {@link #chosen}
   */
  public final @Nullable Object awaitAny(
      Clause[] clauses, String verb, Object subject, long due, Ending ending) {
    choice = clauses;
    patience = due;
    begin(verb, subject, scopes.nearest(due), Wait.INSIDE);
    return parkForResult(ending);
  }

  /** The clause that has ended a wait for several, or null if none had fired when time was up. */
  public final @Nullable Clause chosen(boolean suspended) {
    Interruption why = fired(suspended);
    if (why == Interruption.EXPIRED && patience == scopes.nearest(patience)) {
      return null;
    }
    if (why != null) {
      throw exception(why, waitVerb, waitSubject);
    }
    return fired;
  }

  /** What each wait in a list ends with: throws if it was for another reason than a clause. */
  public final void waited(boolean suspended) {
    Interruption why = fired(suspended);
    if (why != null) {
      throw exception(why, waitVerb, waitSubject);
    }
  }

  /** What the last wait was for. */
  public final Object waitSubject() {
    return waitSubject;
  }

  private @Nullable Interruption fired(boolean suspended) {
    Interruption why = end();
    if (!suspended) {
      withdraw();
      choice = null;
      throw pinned(waitVerb, waitSubject);
    }
    if (choice != null) {
      choice = null;
    }
    return why;
  }

  /** Takes its clauses out of the lists that they are in. */
  private void withdraw() {
    if (choice == null) {
      if (clause != null) {
        clause.withdraw();
      }
      return;
    }
    for (Clause each : choice) {
      each.withdraw();
    }
  }

  /** Waits until the clock reads {@code due}. Suspends. */
  public final void sleepUntil(long due) {
    long nearest = scopes.nearest(TimerQueue.NEVER);
    refuseIfOver("sleep", NOTHING, TimerQueue.NEVER, Wait.OUTSIDE);
    if (due <= loop.clock().nanoTime()) {
      yieldNow();
      return;
    }
    patience = due;
    begin("sleep", NOTHING, Math.min(due, nearest), Wait.OUTSIDE);
    park(SLEPT);
  }

  private static final Ending SLEPT =
      new Ending() {
        @Override
        public @Nullable Object of(Strand strand, boolean suspended) {
          strand.slept(suspended);
          return null;
        }
      };

  private void slept(boolean suspended) {
    Interruption why = end();
    long nearest = scopes.nearest(TimerQueue.NEVER);
    if (why == Interruption.OVER || (why == Interruption.EXPIRED && nearest < patience)) {
      throw exception(why, "sleep", NOTHING);
    }
    if (!suspended) {
      throw pinned("sleep", NOTHING);
    }
  }

  /** Lets every other strand that can run do so first. Suspends. */
  public final void yieldNow() {
    assert loop.isCurrent(this) : this;
    refuseIfOver("yield", NOTHING, TimerQueue.NEVER, Wait.OUTSIDE);
    yieldOut();
  }

  /** Throws if the strand is cancelled, or a scope that it is in has failed. */
  public final void throwIfCancelled(String verb, Object subject) {
    if (scopes.isOver()) {
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
    long nearest = scopes.nearest(due);
    if (nearest != TimerQueue.NEVER && nearest <= loop.clock().nanoTime()) {
      throw exception(Interruption.EXPIRED, verb, subject);
    }
    return nearest;
  }

  private void begin(String verb, Object subject, long due, Wait wait) {
    assert loop.isCurrent(this) : this;
    if (waitSubject != subject || !waitVerb.equals(verb) || this.wait != wait) {
      waitVerb = verb; // only if new: a collector's barrier costs more, and most waits are alike
      waitSubject = subject;
      this.wait = wait;
    }
    waitSince = loop.turnStart();
    interruptible = !wait.isShielded();
    hopeless = due == TimerQueue.NEVER && (wait == Wait.INSIDE || wait == Wait.CLOSING);
    if (hopeless) {
      loop.hopeless++;
    } else if (due != TimerQueue.NEVER) {
      arm(due);
    }
  }

  private void arm(long due) {
    if (expiry == null) {
      expiry = new Expiry();
    }
    loop.timers().arm(expiry, due);
  }

  private @Nullable Interruption end() {
    if (hopeless) {
      hopeless = false;
      loop.hopeless--;
    } else if (expiry != null && expiry.isArmed()) {
      loop.timers().disarm(expiry);
    }
    Interruption why = interruption;
    interruption = null;
    return why;
  }

  /** The newest of the things that it holds and has to give back, or null. */
  public final @Nullable Possession possession() {
    return possessions;
  }

  // ---- scopes

  /** The scope that the strand has entered last and not left, or null. */
  public final @Nullable Scope scope() {
    return scopes.innermost();
  }

  /** The nearest deadline of the scopes that it is in, which those that it starts inherit. */
  public final long scopeDue() {
    return scopes.nearest(TimerQueue.NEVER);
  }

  /** Enters {@code scope}; called by the strand itself. */
  public final void enter(Scope scope) {
    boolean shielded = scopes.isShielded();
    scopes.enter(scope);
    if (scope.shield && !shielded) {
      clearInterrupt(); // a cancel's, which must not end the JDK's calls in the shield
    }
  }

  /** Leaves {@code scope}, the innermost; called by the strand itself. */
  public final void leave(Scope scope) {
    scopes.leave(scope);
    if (scope.shield && scopes.isCancelled() && !scopes.isShielded()) {
      interruptThread();
    }
  }

  /**
   * Ends this strand's waits in {@code scope}, the present one and later ones, with its failure.
   */
  public final void fail(Scope scope) {
    scope.failed = true;
    scopes.update();
    if (scopes.isOver()) {
      interrupt(Interruption.OVER);
    }
  }

  // ---- calls made by others, on the reactor's thread

  /**
   * Ends the present wait with a {@link CancelledException}, and every later one; the thread is
   * interrupted, so that the blocking calls of the JDK end too. What is shielded goes on.
   */
  public final void cancel() {
    if (!scopes.isCancelled()) {
      scopes.cancel();
      if (!scopes.isShielded()) {
        interruptThread();
        interrupt(Interruption.OVER);
      }
    }
  }

  /** Ends a wait that nothing else can end, shielded or not. */
  final void giveUp() {
    if (wait != Wait.CLOSING) {
      interruptible = true;
      interrupt(Interruption.OVER);
    }
  }

  private void interrupt(Interruption why) {
    if (state != State.PARKED || !interruptible || interruption != null) {
      return; // if it has been made ready already, what it waited for came first
    }
    interruption = why;
    if (pendingOp != null) {
      loop.backend().cancel(pendingOp); // its memory is the kernel's until the completion
    } else {
      withdraw();
      ready();
    }
  }

  /** Ends the wait that {@code clause} is part of. */
  final void fire(Clause clause) {
    assert state == State.PARKED && clause.isListed : this;
    if (choice != null) {
      fired = clause;
    }
    withdraw();
    ready();
  }

  @Override
  public final void completed(Op op) {
    assert op == pendingOp || state != State.PARKED : op;
    if (state == State.PARKED) {
      ready();
    }
  }

  @Override
  final void releaseAll() {
    if (expiry != null) {
      loop.timers().remove(expiry);
    }
    if (op != null) {
      loop.backend().release(op);
      op = null;
    }
  }

  // ---- messages

  private static String describe(String verb, Object subject) {
    String text = subject.toString();
    return text.isEmpty() ? verb : verb + " " + text;
  }

  private RuntimeException exception(Interruption why, String verb, Object subject) {
    String what = describe(verb, subject);
    if (why == Interruption.EXPIRED) {
      return new DeadlineExceededException(what + ": deadline exceeded");
    }
    RuntimeException failure = scopes.failure();
    return failure != null
        ? failure
        : new CancelledException(what + ": " + body() + " was cancelled");
  }

  @Override
  final PinnedException pinned(String verb, Object subject) {
    return new PinnedException(describe(verb, subject) + ": " + body() + " " + whyPinned());
  }

  @Override
  public String toString() {
    return body() + " " + state;
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.PinnedException;
import dev.weft.error.ScopeExpiredException;
import dev.weft.internal.backend.Op;
import dev.weft.internal.failure.Failures;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.Strand.Body;
import dev.weft.internal.strand.Strand.State;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The part of a strand that waits: what for, how that ends, and what it comes to. */
public abstract class Waiting extends Schedulable implements Op.Listener {
  /** Why a wait ended before what it waited for. */
  enum Interruption {
    /** The strand was cancelled, or a scope that it is in has failed. */
    OVER,
    /** The deadline that the call was given has passed. */
    EXPIRED,
    /** The deadline of a scope that the strand is in has passed. */
    SCOPE_EXPIRED
  }

  static final Object NOTHING = "";
  private static final WaitNode[] NO_NODES = {};

  // ---- the wait in progress
  @Nullable public Op pendingOp;
  @Nullable public Interruption interruption;
  private boolean interruptible;

  /** Whether not even what ends shielded waits may end it. */
  private boolean closing;

  public boolean mayDeadlock;
  private String waitVerb = "";
  private Object waitSubject = NOTHING;
  private long waitSince;

  /** Whether it waits for the {@link #nodes} of several things. */
  public boolean selecting;

  /** The clauses of the present choice, or of the last. */
  public WaitNode[] nodes = NO_NODES;

  /** Which of them has fired last. */
  private int firedIndex;

  /** Until when a choice or a sleep is to wait by its own wish. */
  private long ownDeadline;

  // Made at the first use: many strands never do an operation, or wait in a list.
  private @Nullable Op op;
  @Nullable public WaitNode node;

  private @Nullable Expiry expiry;

  // ---- what it waits inside of

  /** The nearest deadline of all scopes that it is in, and the one that it was started with. */
  private long scopeDeadline;

  /** Whether the next wait must not begin. */
  private boolean unwinding;

  private boolean cancelled;

  /** Null until it has entered a scope. */
  private @Nullable ScopeStack scopes;

  private final class Expiry extends TimerQueue.Timer {
    /** Whether the deadline is a scope's, and not only the call's own. */
    boolean isScopes;

    @Override
    protected void expired() {
      interrupt(isScopes ? Interruption.SCOPE_EXPIRED : Interruption.EXPIRED);
    }
  }

  Waiting(EventLoop loop, Body body, long deadline) {
    super(loop, body);
    scopeDeadline = deadline;
  }

  private Strand self() {
    return (Strand) this; // its only subclass
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
  public final WaitNode node() {
    WaitNode mine = node;
    if (mine == null) {
      mine = new WaitNode(self());
      node = mine;
    }
    return mine;
  }

  /** What it waits for, such as "receive 127.0.0.1:7"; empty if it does not. */
  public final String waitingFor() {
    return switch (state) {
      case PARKED -> describe(waitVerb, waitSubject);
      case BLOCKED -> "a blocking call of the JDK";
      default -> "";
    };
  }

  /** When the present wait began, on the loop's clock as of that turn. */
  public final long waitSince() {
    return waitSince;
  }

  /** When the present wait is given up, or {@link TimerQueue#NEVER}. */
  public final long waitDue() {
    return expiry == null ? TimerQueue.NEVER : expiry.due();
  }

  // ---- a wait

  /** Notes that the wait that begins is for {@code pending} alone. */
  final void beginOperation(Op pending, String verb, Object subject, long deadline, WaitMode wait) {
    pendingOp = pending;
    begin(verb, subject, deadline, wait);
  }

  /** Notes that the wait that begins is for {@code clauses}, and until {@code deadline} at most. */
  final void beginChoice(WaitNode[] clauses, String verb, Object subject, long deadline) {
    selecting = true;
    if (nodes != clauses) {
      nodes = clauses;
    }
    ownDeadline = deadline;
    begin(verb, subject, effectiveDeadline(deadline), WaitMode.INTERNAL);
  }

  /** Notes that the wait that begins is for no more than that the clock reads {@code deadline}. */
  final void beginSleep(long deadline) {
    ownDeadline = deadline;
    begin("sleep", NOTHING, effectiveDeadline(deadline), WaitMode.EXTERNAL);
  }

  final void begin(String verb, Object subject, long deadline, WaitMode wait) {
    assert loop.isCurrent(self()) : this;
    if (waitSubject != subject) {
      waitSubject = subject; // only if new: a collector's barrier costs more, and most are alike
    }
    if (!waitVerb.equals(verb)) {
      waitVerb = verb;
    }
    closing = wait == WaitMode.CLOSING;
    waitSince = loop.turnStart();
    interruptible = !wait.isShielded();
    mayDeadlock = deadline == TimerQueue.NEVER && wait.isInternal();
    if (mayDeadlock) {
      loop.deadlockCandidates++;
    } else if (deadline != TimerQueue.NEVER) {
      arm(deadline);
    }
  }

  /**
   * Makes what a wait with this deadline needs, so that {@link #begin} can't fail: once an
   * operation has been submitted or a clause is in a list, it would be too late.
   */
  final void prepare(long deadline) {
    if (deadline != TimerQueue.NEVER) {
      Expiry mine = expiry;
      if (mine == null) {
        mine = new Expiry();
        expiry = mine;
      }
      loop.timers().reserve(mine);
    }
  }

  private void arm(long deadline) {
    assert expiry != null : "prepare comes first";
    expiry.isScopes = deadline == scopeDeadline;
    loop.timers().arm(expiry, deadline);
  }

  private @Nullable Interruption end() {
    if (mayDeadlock) {
      mayDeadlock = false;
      loop.deadlockCandidates--;
    } else if (expiry != null && expiry.isArmed()) {
      loop.timers().disarm(expiry);
    }
    Interruption why = interruption;
    interruption = null;
    return why;
  }

  // ---- what it comes to

  static final WaitCompletion.OfInt PERFORMED =
      new WaitCompletion.OfInt() {
        @Override
        int number(Strand strand, boolean suspended) {
          return strand.performed(suspended);
        }
      };

  final int performed(boolean suspended) {
    Op op = Objects.requireNonNull(pendingOp);
    assert !suspended || op.isDone() : op;
    pendingOp = null;
    Interruption why = end();
    if (!suspended) {
      if (interruptible) {
        loop.backend().cancel(op);
      }
      loop.pollUntilDone(op);
      // What it has done all the same must not be lost.
      if (wasInterrupted(op.result()) && interruptible) {
        throw notSuspended(waitVerb, waitSubject);
      }
      forgetSuspension();
    }
    int result = op.result();
    if (why != null && wasInterrupted(result)) {
      throw exception(why, waitVerb, waitSubject);
    }
    return result;
  }

  /** How a cancelled operation ends: with EINTR if a kernel worker was blocked in it. */
  private static boolean wasInterrupted(int result) {
    return result == -Errno.ECANCELED.code() || result == -Errno.EINTR.code();
  }

  /** The clause that has ended a wait for several, or null if none had fired when time was up. */
  public final @Nullable WaitNode chosen(boolean suspended) {
    Interruption why = firedIndex(suspended);
    if (why != null && why != Interruption.OVER && ownDeadline == effectiveDeadline(ownDeadline)) {
      return null;
    }
    if (why != null) {
      throw exception(why, waitVerb, waitSubject);
    }
    return nodes[firedIndex];
  }

  /** Until when the last choice was to wait by its own wish. */
  public final long ownDeadline() {
    return ownDeadline;
  }

  /** What a wait throws whose time is over. */
  public final RuntimeException expired() {
    boolean own = ownDeadline < scopeDeadline;
    return exception(
        own ? Interruption.EXPIRED : Interruption.SCOPE_EXPIRED, waitVerb, waitSubject);
  }

  /** What each wait in a list ends with: throws if it was for another reason than a clause. */
  public final void waited(boolean suspended) {
    Interruption why = firedIndex(suspended);
    if (why != null) {
      throw exception(why, waitVerb, waitSubject);
    }
  }

  /** What the last wait was for. */
  public final Object waitSubject() {
    return waitSubject;
  }

  private @Nullable Interruption firedIndex(boolean suspended) {
    Interruption why = end();
    if (!suspended) {
      withdraw();
      selecting = false;
      throw notSuspended(waitVerb, waitSubject);
    }
    selecting = false;
    return why;
  }

  /** Takes its clauses out of the lists that they are in. */
  private void withdraw() {
    if (!selecting) {
      if (node != null) {
        node.withdraw();
      }
      return;
    }
    self().withdraw(nodes);
  }

  static final WaitCompletion SLEPT =
      new WaitCompletion() {
        @Override
        public @Nullable Object resultOf(Strand strand, boolean suspended) {
          strand.slept(suspended);
          return null;
        }
      };

  final void slept(boolean suspended) {
    Interruption why = end();
    if (why == Interruption.OVER || (why != null && scopeDeadline < ownDeadline)) {
      throw exception(why, "sleep", NOTHING);
    }
    if (!suspended) {
      throw notSuspended("sleep", NOTHING);
    }
  }

  // ---- ended by others, on the reactor's thread

  /** Ends a wait that nothing else can end, shielded or not. */
  final void forceCancel() {
    if (!closing) {
      interruptible = true;
      interrupt(Interruption.OVER);
    }
  }

  void interrupt(Interruption why) {
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

  /** Ends the wait that {@code node} is part of. */
  final void fire(WaitNode clause) {
    assert state == State.PARKED && clause.isListed : this;
    if (selecting) {
      firedIndex = clause.index;
      withdraw();
    } else {
      clause.withdraw();
    }
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

  // ---- scopes

  /** The scopes that it is in; {@link #scopesChanged} afterwards if they have changed. */
  final ScopeStack scopes() {
    ScopeStack all = scopes;
    if (all == null) {
      all = new ScopeStack(scopeDeadline);
      scopes = all;
    }
    return all;
  }

  /** Whether it has been cancelled, be it that a shield keeps it from being noticed. */
  public final boolean isCancelled() {
    return cancelled;
  }

  final void noteCancel() {
    cancelled = true;
    unwinding = scopes == null || scopes.mustUnwind(true);
  }

  /** The same, or null if it has never been in one. */
  final @Nullable ScopeStack scopesIfAny() {
    return scopes;
  }

  final void scopesChanged(ScopeStack changed) {
    scopeDeadline = changed.effectiveDeadline(TimerQueue.NEVER);
    unwinding = changed.mustUnwind(cancelled);
  }

  /** The nearer of a call's own deadline and the scopes'. */
  final long effectiveDeadline(long deadline) {
    return Math.min(deadline, scopeDeadline);
  }

  final boolean mustUnwind() {
    return unwinding;
  }

  // ---- messages

  private static String describe(String verb, Object subject) {
    String text = Failures.text(subject);
    return text.isEmpty() ? verb : verb + " " + text;
  }

  RuntimeException exception(Interruption why, String verb, Object subject) {
    String what = describe(verb, subject);
    if (why == Interruption.EXPIRED) {
      return new DeadlineExceededException(what + ": deadline exceeded");
    }
    if (why == Interruption.SCOPE_EXPIRED) {
      return scopeExpired(what);
    }
    RuntimeException failure = scopes == null ? null : scopes.failure(cancelled);
    return failure != null
        ? failure
        : new CancelledException(what + ": " + body() + " was cancelled");
  }

  private ScopeExpiredException scopeExpired(String what) {
    Scope scope = scopes == null ? null : scopes.nearestScope();
    String whose =
        scope == null ? "the bundle that " + body() + " was started in" : "" + scope.subject();
    return new ScopeExpiredException(
        what + ": the deadline of " + whose + " has passed",
        scope == null ? null : scope.subject());
  }

  @Override
  final PinnedException pinned(String verb, Object subject) {
    return new PinnedException(describe(verb, subject) + ": " + body() + " " + whyPinned());
  }
}

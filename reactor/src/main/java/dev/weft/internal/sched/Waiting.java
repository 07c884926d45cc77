// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.sched;

import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.PinnedException;
import dev.weft.error.ScopeExpiredException;
import dev.weft.internal.backend.Op;
import dev.weft.internal.sched.Strand.Body;
import dev.weft.internal.sched.Strand.State;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The part of a strand that waits: what for, how that ends, and what it comes to. */
abstract class Waiting extends Schedulable implements Op.Listener {
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
  private static final Clause[] NO_CLAUSES = {};

  // ---- the wait in progress
  @Nullable Op pendingOp;
  @Nullable Interruption interruption;
  private boolean interruptible;

  /** Whether not even what ends shielded waits may end it. */
  private boolean closing;

  boolean hopeless;
  private String waitVerb = "";
  private Object waitSubject = NOTHING;
  private long waitSince;

  /** Whether it waits for the {@link #choice} of several things. */
  boolean chooses;

  /** The clauses of the present choice, or of the last. */
  Clause[] choice = NO_CLAUSES;

  /** Which of them has fired last. */
  private int fired;

  /** Until when a choice or a sleep is to wait by its own wish. */
  private long patience;

  // Made at the first use: many strands never do an operation, or wait in a list.
  private @Nullable Op op;
  @Nullable Clause clause;

  private @Nullable Expiry expiry;

  // ---- what it waits inside of

  /** The nearest deadline of all scopes that it is in, and the one that it was started with. */
  private long scopeDue;

  /** Whether the next wait must not begin. */
  private boolean over;

  private boolean cancelled;

  /** Null until it has entered a scope. */
  private @Nullable Scopes scopes;

  private final class Expiry extends TimerQueue.Timer {
    /** Whether the deadline is a scope's, and not only the call's own. */
    boolean isScopes;

    @Override
    protected void expired() {
      interrupt(isScopes ? Interruption.SCOPE_EXPIRED : Interruption.EXPIRED);
    }
  }

  Waiting(EventLoop loop, Body body, long due) {
    super(loop, body);
    scopeDue = due;
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
  public final Clause clause() {
    Clause mine = clause;
    if (mine == null) {
      mine = new Clause(self());
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
  final void beginOperation(Op pending, String verb, Object subject, long due, Wait wait) {
    pendingOp = pending;
    begin(verb, subject, due, wait);
  }

  /** Notes that the wait that begins is for {@code clauses}, and until {@code wanted} at most. */
  final void beginChoice(Clause[] clauses, String verb, Object subject, long wanted) {
    chooses = true;
    if (choice != clauses) {
      choice = clauses;
    }
    patience = wanted;
    begin(verb, subject, nearest(wanted), Wait.INSIDE);
  }

  /** Notes that the wait that begins is for no more than that the clock reads {@code wanted}. */
  final void beginSleep(long wanted) {
    patience = wanted;
    begin("sleep", NOTHING, nearest(wanted), Wait.OUTSIDE);
  }

  final void begin(String verb, Object subject, long due, Wait wait) {
    assert loop.isCurrent(self()) : this;
    if (waitSubject != subject) {
      waitSubject = subject; // only if new: a collector's barrier costs more, and most are alike
    }
    if (!waitVerb.equals(verb)) {
      waitVerb = verb;
    }
    closing = wait == Wait.CLOSING;
    waitSince = loop.turnStart();
    interruptible = !wait.isShielded();
    hopeless = due == TimerQueue.NEVER && wait.isInside();
    if (hopeless) {
      loop.hopeless++;
    } else if (due != TimerQueue.NEVER) {
      arm(due);
    }
  }

  /**
   * Makes what a wait with this deadline needs, so that {@link #begin} can't fail: once an
   * operation has been submitted or a clause is in a list, it would be too late.
   */
  final void prepare(long due) {
    if (due != TimerQueue.NEVER) {
      Expiry mine = expiry;
      if (mine == null) {
        mine = new Expiry();
        expiry = mine;
      }
      loop.timers().reserve(mine);
    }
  }

  private void arm(long due) {
    assert expiry != null : "prepare comes first";
    expiry.isScopes = due == scopeDue;
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

  // ---- what it comes to

  static final Ending.OfInt PERFORMED =
      new Ending.OfInt() {
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
      if (wasCutShort(op.result()) && interruptible) {
        throw notSuspended(waitVerb, waitSubject);
      }
      forgetSuspension();
    }
    int result = op.result();
    if (why != null && wasCutShort(result)) {
      throw exception(why, waitVerb, waitSubject);
    }
    return result;
  }

  /** How a cancelled operation ends: with EINTR if a kernel worker was blocked in it. */
  private static boolean wasCutShort(int result) {
    return result == -Errno.ECANCELED.code() || result == -Errno.EINTR.code();
  }

  /** The clause that has ended a wait for several, or null if none had fired when time was up. */
  public final @Nullable Clause chosen(boolean suspended) {
    Interruption why = fired(suspended);
    if (why != null && why != Interruption.OVER && patience == nearest(patience)) {
      return null;
    }
    if (why != null) {
      throw exception(why, waitVerb, waitSubject);
    }
    return choice[fired];
  }

  /** Until when the last choice was to wait by its own wish. */
  public final long patience() {
    return patience;
  }

  /** What a wait throws whose time is over. */
  public final RuntimeException expired() {
    boolean own = patience < scopeDue;
    return exception(
        own ? Interruption.EXPIRED : Interruption.SCOPE_EXPIRED, waitVerb, waitSubject);
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
      chooses = false;
      throw notSuspended(waitVerb, waitSubject);
    }
    chooses = false;
    return why;
  }

  /** Takes its clauses out of the lists that they are in. */
  private void withdraw() {
    if (!chooses) {
      if (clause != null) {
        clause.withdraw();
      }
      return;
    }
    self().withdraw(choice);
  }

  static final Ending SLEPT =
      new Ending() {
        @Override
        public @Nullable Object of(Strand strand, boolean suspended) {
          strand.slept(suspended);
          return null;
        }
      };

  final void slept(boolean suspended) {
    Interruption why = end();
    if (why == Interruption.OVER || (why != null && scopeDue < patience)) {
      throw exception(why, "sleep", NOTHING);
    }
    if (!suspended) {
      throw notSuspended("sleep", NOTHING);
    }
  }

  // ---- ended by others, on the reactor's thread

  /** Ends a wait that nothing else can end, shielded or not. */
  final void giveUp() {
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

  /** Ends the wait that {@code clause} is part of. */
  final void fire(Clause clause) {
    assert state == State.PARKED && clause.isListed : this;
    if (chooses) {
      fired = clause.index;
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

  /** The scopes that it is in; {@link #noteScopes} afterwards if they have changed. */
  final Scopes scopes() {
    Scopes all = scopes;
    if (all == null) {
      all = new Scopes(scopeDue);
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
    over = scopes == null || scopes.isOver(true);
  }

  /** The same, or null if it has never been in one. */
  final @Nullable Scopes scopesIfAny() {
    return scopes;
  }

  final void noteScopes(Scopes changed) {
    scopeDue = changed.nearest(TimerQueue.NEVER);
    over = changed.isOver(cancelled);
  }

  /** The nearer of a call's own deadline and the scopes'. */
  final long nearest(long wanted) {
    return Math.min(wanted, scopeDue);
  }

  final boolean isOver() {
    return over;
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

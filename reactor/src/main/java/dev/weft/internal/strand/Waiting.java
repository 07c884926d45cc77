// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.PinnedException;
import dev.weft.error.ScopeExpiredException;
import dev.weft.internal.backend.Op;
import dev.weft.internal.failure.Failures;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.Strand.Body;
import dev.weft.internal.strand.Strand.State;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The part of a strand that holds its wait: its subject, its end, and its result. */
public abstract class Waiting extends Schedulable implements Op.Listener {
  /** Why a wait ended early. */
  enum Interruption {
    /** The strand was cancelled, or a scope that it is in has failed. */
    UNWIND,
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

  /** Whether even {@link #forceCancel}, which ends shielded waits, must not end it. */
  private boolean closing;

  private String waitVerb = "";
  private Object waitSubject = NOTHING;
  private long waitSince;

  /** Whether the strand waits with several {@link #nodes}, and not with {@link #node}. */
  public boolean selecting;

  /** The nodes of the present or the last select. */
  public WaitNode[] nodes = NO_NODES;

  /** The index of the node that fired last. */
  private int firedIndex;

  /** The deadline given to a select or a sleep, without that of the scopes. */
  private long ownDeadline;

  // Made at first use: many strands never start an operation or wait in a list.
  private @Nullable Op op;
  @Nullable public WaitNode node;

  private @Nullable Expiry expiry;

  // ---- scopes and cancellation

  /** The nearest of the deadlines of the strand's scopes and the one that it was started with. */
  private long scopeDeadline;

  /** Whether the next wait must throw instead of beginning. */
  private boolean unwinding;

  private boolean cancelled;

  /** Null until the strand has entered a scope. */
  private @Nullable ScopeStack scopes;

  private final class Expiry extends TimerQueue.Timer {
    /** Whether the deadline is that of a scope, and not only the call's own. */
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

  /** The strand's operation, used by one blocking call at a time. */
  public final Op op() {
    Op mine = op;
    if (mine == null) {
      mine = loop.backend().create(this);
      op = mine;
    }
    return mine;
  }

  /** The strand's node in a {@link WaitList}, used by one wait at a time. */
  public final WaitNode node() {
    WaitNode mine = node;
    if (mine == null) {
      mine = new WaitNode(self());
      node = mine;
    }
    return mine;
  }

  /** What the strand waits for, such as "receive 127.0.0.1:7"; empty if it does not wait. */
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

  /** The deadline of the present wait, or {@link TimerQueue#NEVER}. */
  public final long waitDeadline() {
    return expiry == null ? TimerQueue.NEVER : expiry.deadline();
  }

  // ---- the begin and the end of a wait

  /** Begins a wait for the operation {@code pending}. */
  final void beginOperation(Op pending, String verb, Object subject, long deadline, WaitMode wait) {
    pendingOp = pending;
    begin(verb, subject, deadline, wait);
  }

  /** Begins a wait for the first of {@code waitNodes} to fire, until {@code deadline}. */
  final void beginSelect(WaitNode[] waitNodes, String verb, Object subject, long deadline) {
    selecting = true;
    if (nodes != waitNodes) {
      nodes = waitNodes;
    }
    ownDeadline = deadline;
    begin(verb, subject, effectiveDeadline(deadline), WaitMode.INTERNAL);
  }

  /** Begins a wait that ends when the clock reads {@code deadline}. */
  final void beginSleep(long deadline) {
    ownDeadline = deadline;
    begin("sleep", NOTHING, effectiveDeadline(deadline), WaitMode.EXTERNAL);
  }

  final void begin(String verb, Object subject, long deadline, WaitMode wait) {
    assert loop.isCurrent(self()) : this;
    if (waitSubject != subject) {
      waitSubject = subject; // only if new: the GC barrier costs more, and most are the same
    }
    if (!waitVerb.equals(verb)) {
      waitVerb = verb;
    }
    closing = wait == WaitMode.CLOSING;
    waitSince = loop.turnStart();
    interruptible = !wait.isShielded();
    isEndless = deadline == TimerQueue.NEVER && wait.isInternal();
    if (deadline != TimerQueue.NEVER) {
      arm(deadline);
    } else if (expiry != null && expiry.isArmed()) {
      loop.timers().disarm(expiry); // left by a wait that had too little stack to suspend
    }
  }

  /**
   * Allocates what a wait with this deadline needs, so that {@link #begin} can't fail. To be called
   * before an operation is submitted or a node is put in a list.
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

  private @Nullable Interruption endWait() {
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

  // ---- the result of a wait

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
    Interruption why = endWait();
    if (!suspended) {
      if (interruptible) {
        loop.backend().cancel(op);
      }
      loop.pollUntilDone(op);
      // What the operation has done anyway must not be lost.
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

  /** Whether {@code result} is that of a cancelled operation: EINTR if it blocked a worker. */
  private static boolean wasInterrupted(int result) {
    return result == -Errno.ECANCELED.code() || result == -Errno.EINTR.code();
  }

  /** Ends a select: the node that fired, or null if the select's own deadline passed first. */
  public final @Nullable WaitNode chosen(boolean suspended) {
    Interruption why = endListWait(suspended);
    if (why != null
        && why != Interruption.UNWIND
        && ownDeadline == effectiveDeadline(ownDeadline)) {
      return null;
    }
    if (why != null) {
      throw exception(why, waitVerb, waitSubject);
    }
    return nodes[firedIndex];
  }

  /** The deadline given to the last select or sleep, without that of the scopes. */
  public final long ownDeadline() {
    return ownDeadline;
  }

  /** The exception of a wait whose deadline has passed. */
  public final RuntimeException expired() {
    boolean own = ownDeadline < scopeDeadline;
    return exception(
        own ? Interruption.EXPIRED : Interruption.SCOPE_EXPIRED, waitVerb, waitSubject);
  }

  /** Ends a wait in a list: throws if it ended early. */
  public final void waited(boolean suspended) {
    Interruption why = endListWait(suspended);
    if (why != null) {
      throw exception(why, waitVerb, waitSubject);
    }
  }

  /** The subject of the last wait. */
  public final Object waitSubject() {
    return waitSubject;
  }

  private @Nullable Interruption endListWait(boolean suspended) {
    Interruption why = endWait();
    if (!suspended) {
      withdraw();
      selecting = false;
      throw notSuspended(waitVerb, waitSubject);
    }
    selecting = false;
    return why;
  }

  /** Removes the strand's nodes from their lists. */
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
    Interruption why = endWait();
    if (why == Interruption.UNWIND || (why != null && scopeDeadline < ownDeadline)) {
      throw exception(why, "sleep", NOTHING);
    }
    if (!suspended) {
      throw notSuspended("sleep", NOTHING);
    }
  }

  // ---- how others end a wait, on the reactor's thread

  /** Ends the present wait even if it is shielded, unless it is {@link #closing}. */
  final void forceCancel() {
    if (!closing) {
      interruptible = true;
      interrupt(Interruption.UNWIND);
    }
  }

  void interrupt(Interruption why) {
    if (state != State.PARKED || !interruptible || interruption != null) {
      return; // if the strand is ready already, its wait has succeeded
    }
    interruption = why;
    if (pendingOp != null) {
      loop.backend().cancel(pendingOp); // its memory belongs to the kernel until it completes
    } else {
      withdraw();
      ready();
    }
  }

  /** Ends the wait that {@code node} is part of. */
  final void fire(WaitNode fired) {
    assert state == State.PARKED && fired.isListed : this;
    if (selecting) {
      StackReserve.check();
      firedIndex = fired.index;
      withdraw();
    } else {
      fired.withdraw(); // if the stack overflows here, nothing has happened
    }
    try {
      ready();
    } catch (StackOverflowError e) { // nothing can be called here: the loop does it
      state = State.READY;
      isUnqueued = true;
      loop.hasUnqueued = true;
    }
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

  /** The stack of the strand's scopes. Code that changes it calls {@link #scopesChanged}. */
  final ScopeStack scopes() {
    ScopeStack all = scopes;
    if (all == null) {
      all = new ScopeStack(scopeDeadline);
      scopes = all;
    }
    return all;
  }

  /** Whether the strand has been cancelled, even if it is in a shield. */
  public final boolean isCancelled() {
    return cancelled;
  }

  final void noteCancel() {
    cancelled = true;
    unwinding = scopes == null || scopes.mustUnwind(true);
  }

  /** As {@link #scopes}, but null if the strand has never entered a scope. */
  final @Nullable ScopeStack scopesIfAny() {
    return scopes;
  }

  final void scopesChanged(ScopeStack changed) {
    scopeDeadline = changed.effectiveDeadline(TimerQueue.NEVER);
    unwinding = changed.mustUnwind(cancelled);
  }

  /** The nearer of {@code deadline} and the deadline of the scopes. */
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

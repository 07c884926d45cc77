// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.PinnedException;
import dev.weft.error.ScopeExpiredException;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.Retry;
import dev.weft.internal.failure.Failures;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.Strand.State;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The wait of a strand, in progress or the last one: its subject, its end, and its result. */
public final class WaitState implements Op.Listener {
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

  private final Strand strand;
  private final EventLoop loop;

  /** Completes the present wait, or has completed the last one. */
  WaitCompletion completion = WaitCompletion.NONE;

  /** Whether only another strand can end the wait that begins, or is in progress. */
  boolean isEndless;

  /** Whether the wait in progress is counted in {@link EventLoop#deadlockCandidates}. */
  public boolean mayDeadlock;

  /** What the JVM threw instead of suspending the strand; cleared by {@link #notSuspended}. */
  @Nullable Throwable suspensionFailure;

  // ---- the wait in progress
  @Nullable public Op pendingOp;
  @Nullable public Interruption interruption;
  private boolean interruptible;

  /** Whether even {@link #forceCancel}, which ends shielded waits, must not end it. */
  private boolean closing;

  private String verb = "";
  private Object subject = NOTHING;
  private long since;

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

  private final class Expiry extends TimerQueue.Timer {
    /** Whether the deadline is that of a scope, and not only the call's own. */
    boolean isScopes;

    @Override
    protected void expired() {
      strand.interrupt(isScopes ? Interruption.SCOPE_EXPIRED : Interruption.EXPIRED);
    }
  }

  WaitState(Strand strand) {
    this.strand = strand;
    loop = strand.loop;
  }

  /** The strand's operation, used by one blocking call at a time. */
  public Op op() {
    Op mine = op;
    if (mine == null) {
      mine = loop.backend().create(this);
      op = mine;
    }
    return mine;
  }

  /** The strand's node in a {@link WaitList}, used by one wait at a time. */
  public WaitNode node() {
    WaitNode mine = node;
    if (mine == null) {
      mine = new WaitNode(strand);
      node = mine;
    }
    return mine;
  }

  /** What the strand waits for, such as "receive 127.0.0.1:7"; empty if it does not wait. */
  public String description() {
    return switch (strand.state) {
      case PARKED -> describe(verb, subject);
      case BLOCKED -> "a blocking call of the JDK";
      default -> "";
    };
  }

  /** When the present wait began, on the loop's clock as of that turn. */
  public long since() {
    return since;
  }

  /** The deadline of the present wait, or {@link TimerQueue#NEVER}. */
  public long deadline() {
    return expiry == null ? TimerQueue.NEVER : expiry.deadline();
  }

  // ---- the begin and the end of a wait

  /** Begins a wait for the operation {@code pending}. */
  void beginOperation(Op pending, String verb, Object subject, long deadline, WaitMode wait) {
    pendingOp = pending;
    begin(verb, subject, deadline, wait);
  }

  /** Begins a wait for the first of {@code waitNodes} to fire, until {@code deadline}. */
  void beginSelect(WaitNode[] waitNodes, String verb, Object subject, long deadline) {
    selecting = true;
    if (nodes != waitNodes) {
      nodes = waitNodes;
    }
    ownDeadline = deadline;
    begin(verb, subject, strand.effectiveDeadline(deadline), WaitMode.INTERNAL);
  }

  /** Begins a wait that ends when the clock reads {@code deadline}. */
  void beginSleep(long deadline) {
    ownDeadline = deadline;
    begin("sleep", NOTHING, strand.effectiveDeadline(deadline), WaitMode.EXTERNAL);
  }

  void begin(String verb, Object subject, long deadline, WaitMode wait) {
    assert loop.isCurrent(strand) : strand;
    if (this.subject != subject) {
      this.subject = subject; // only if new: the GC barrier costs more, and most are the same
    }
    if (!this.verb.equals(verb)) {
      this.verb = verb;
    }
    closing = wait == WaitMode.CLOSING;
    since = loop.turnStart();
    interruptible = !wait.isShielded();
    isEndless = deadline == TimerQueue.NEVER && wait.isInternal();
    if (deadline != TimerQueue.NEVER) {
      arm(deadline);
    } else if (expiry != null && expiry.isArmed()) {
      loop.timers().disarm(expiry); // left by a wait that had too little stack to suspend
    }
  }

  /**
   * Throws if a call with that deadline may not wait, since it is {@link TimerQueue#NOW}. To be
   * called before the wait has an effect.
   */
  public void requireTime(String verb, Object subject, long deadline) {
    if (deadline == TimerQueue.NOW) {
      throw exception(Interruption.EXPIRED, verb, subject);
    }
  }

  /**
   * Allocates what a wait with this deadline needs, so that {@link #begin} can't fail. To be called
   * before an operation is submitted or a node is put in a list.
   */
  void prepare(long deadline) {
    if (deadline != TimerQueue.NEVER) {
      Expiry mine = expiry;
      if (mine == null) {
        mine = new Expiry();
        expiry = mine;
      }
      loop.timers().reserve(mine);
    }
  }

  /**
   * Allocates what a wait until {@code deadline} needs. To be called before the first node of an
   * {@link Strand#awaitAny} is put in a list, so that the wait can't fail because memory is short.
   */
  public void prepareSelect(long deadline) {
    prepare(strand.effectiveDeadline(deadline));
  }

  /** Removes those of {@code waitNodes} that are in a list from it. */
  public void withdraw(WaitNode[] waitNodes) {
    WaitList.removeAll(waitNodes);
  }

  private void arm(long deadline) {
    assert expiry != null : "prepare comes first";
    expiry.isScopes = deadline == strand.scopeDeadline();
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
          return strand.waiting.performed(suspended);
        }
      };

  int performed(boolean suspended) {
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
      if (Retry.isCancelled(op.result()) && interruptible) {
        throw notSuspended(verb, subject);
      }
      suspensionFailure = null; // the wait has succeeded anyway
    }
    op.fetch();
    int result = op.result();
    if (why != null && Retry.isCancelled(result)) {
      throw exception(why, verb, subject);
    }
    return result;
  }

  /** Ends a select: the node that fired, or null if the select's own deadline passed first. */
  public @Nullable WaitNode chosen(boolean suspended) {
    Interruption why = endListWait(suspended);
    if (why != null
        && why != Interruption.UNWIND
        && ownDeadline == strand.effectiveDeadline(ownDeadline)) {
      return null;
    }
    if (why != null) {
      throw exception(why, verb, subject);
    }
    return nodes[firedIndex];
  }

  /** The deadline given to the last select or sleep, without that of the scopes. */
  public long ownDeadline() {
    return ownDeadline;
  }

  /** The exception of a wait whose deadline has passed. */
  public RuntimeException expired() {
    boolean own = ownDeadline < strand.scopeDeadline();
    return exception(own ? Interruption.EXPIRED : Interruption.SCOPE_EXPIRED, verb, subject);
  }

  /** Ends a wait in a list: throws if it ended early. */
  public void waited(boolean suspended) {
    Interruption why = endListWait(suspended);
    if (why != null) {
      throw exception(why, verb, subject);
    }
  }

  /** The subject of the last wait. */
  public Object subject() {
    return subject;
  }

  private @Nullable Interruption endListWait(boolean suspended) {
    Interruption why = endWait();
    if (!suspended) {
      withdraw();
      selecting = false;
      throw notSuspended(verb, subject);
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
    withdraw(nodes);
  }

  static final WaitCompletion SLEPT =
      new WaitCompletion() {
        @Override
        public @Nullable Object resultOf(Strand strand, boolean suspended) {
          strand.waiting.slept(suspended);
          return null;
        }
      };

  void slept(boolean suspended) {
    Interruption why = endWait();
    if (why == Interruption.UNWIND || (why != null && strand.scopeDeadline() < ownDeadline)) {
      throw exception(why, "sleep", NOTHING);
    }
    if (!suspended) {
      throw notSuspended("sleep", NOTHING);
    }
  }

  // ---- how others end a wait, on the reactor's thread

  /** Ends the present wait even if it is shielded, unless it is {@link #closing}. */
  void forceCancel() {
    if (!closing) {
      interruptible = true;
      strand.interrupt(Interruption.UNWIND);
    }
  }

  void interrupt(Interruption why) {
    if (strand.state != State.PARKED || !interruptible || interruption != null) {
      return; // if the strand is ready already, its wait has succeeded
    }
    interruption = why;
    if (pendingOp != null) {
      loop.backend().cancel(pendingOp); // its memory belongs to the kernel until it completes
    } else {
      withdraw();
      strand.ready();
    }
  }

  /** Ends the wait that {@code node} is part of. */
  void fire(WaitNode fired) {
    assert strand.state == State.PARKED && fired.isListed : strand;
    // If the stack overflows here, nothing has happened.
    if (selecting) {
      firedIndex = fired.index;
      WaitList.removeAll(nodes);
    } else {
      fired.withdraw();
    }
    try {
      strand.ready();
    } catch (StackOverflowError e) { // nothing can be called here: the loop does it
      strand.state = State.READY;
      strand.isUnqueued = true;
      loop.hasUnqueued = true;
    }
  }

  @Override
  public void completed(Op op) {
    assert op == pendingOp || strand.state != State.PARKED : op;
    if (strand.state == State.PARKED) {
      strand.ready();
    }
  }

  /** Releases the loop's objects that the strand uses; called when it has ended. */
  void releaseAll() {
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
    strand.unwinds();
    ScopeStack scopes = strand.scopes;
    RuntimeException failure = scopes == null ? null : scopes.failure(strand.isCancelled());
    return failure != null
        ? failure
        : new CancelledException(what + ": " + strand.body() + " was cancelled");
  }

  private ScopeExpiredException scopeExpired(String what) {
    ScopeStack scopes = strand.scopes;
    Scope scope = scopes == null ? null : scopes.nearestScope();
    String whose =
        scope == null
            ? "the bundle that " + strand.body() + " was started in"
            : "" + scope.subject();
    return new ScopeExpiredException(
        what + ": the deadline of " + whose + " has passed",
        scope == null ? null : scope.subject());
  }

  /**
   * Returns the exception of a wait that could not suspend and has been undone. If the reason is an
   * error of the JVM, this method throws that.
   */
  RuntimeException notSuspended(String verb, Object subject) {
    Throwable failure = suspensionFailure;
    suspensionFailure = null;
    return switch (failure) {
      case null ->
          new PinnedException(
              describe(verb, subject) + ": " + strand.body() + " " + strand.whyPinned());
      case Error error -> throw error;
      case RuntimeException exception -> exception;
      default -> throw new AssertionError("switchOut throws nothing checked", failure);
    };
  }
}

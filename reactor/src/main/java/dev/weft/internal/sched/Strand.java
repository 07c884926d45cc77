// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.sched;

import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.PinnedException;
import dev.weft.internal.backend.Op;
import org.jspecify.annotations.Nullable;

/**
 * Something that a reactor runs until it suspends, and resumes later. Every suspending call of the
 * library ends in {@link #park}, and nothing else does.
 *
 * <p>
 *
 * {@snippet :
 *   NEW -> READY <-> RUNNING -> ENDED
 *            ^         |-> PARKED     in a call of ours, until the loop makes it ready
 *            |         |-> YIELDING   to the end of the run queue
 *            |         \-> ABROAD     in a lock, a sleep or another blocking call of the JDK
 *            \-----------/
 * }
 *
 * All fields belong to the reactor's thread, or to the strand while it runs, which is the same
 * turn.
 */
public abstract class Strand extends InboundQueue.Node implements Op.Listener {
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
  private enum Interruption {
    CANCELLED,
    EXPIRED
  }

  /** How a wait may end, and who could end it. */
  public enum Wait {
    /** Something outside may end it (a peer, a signal, another thread), and so may a cancel. */
    OUTSIDE,
    /** Only another strand can end it, or a cancel: if all wait like this, they are deadlocked. */
    INSIDE,
    /** As OUTSIDE, but a cancel does not reach it: for cleaning up. */
    SHIELDED
  }

  private static final Object NOTHING = "";

  public final EventLoop loop;
  private final Body body;
  private State state = State.NEW;

  // ---- links
  @Nullable Strand nextReady;
  @Nullable Strand nextLive;
  @Nullable Strand previousLive;
  @Nullable Strand nextWaiter;
  @Nullable Strand previousWaiter;
  @Nullable WaitList waitingIn;

  // ---- the wait in progress
  private @Nullable Op pendingOp;
  private @Nullable Interruption interruption;
  private boolean interruptible;
  private String waitVerb = "";
  private Object waitSubject = NOTHING;

  /** Made at the first operation: many strands never do one. */
  private @Nullable Op op;

  private boolean cancelled;
  private final Expiry expiry = new Expiry();

  private final class Expiry extends TimerQueue.Timer {
    @Override
    protected void expired() {
      interrupt(Interruption.EXPIRED);
    }
  }

  Strand(EventLoop loop, Body body) {
    this.loop = loop;
    this.body = body;
  }

  /** The strand that is running on the calling thread, or null. */
  public static @Nullable Strand current() {
    Thread thread = Thread.currentThread();
    if (!thread.isVirtual()) {
      return null;
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

  /** The thread that the strand's code runs on. */
  public abstract Thread thread();

  public final Body body() {
    return body;
  }

  public final State state() {
    return state;
  }

  public final boolean isCancelled() {
    return cancelled;
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

  /** What it waits for, such as "receive 127.0.0.1:7"; empty if it does not. */
  public final String waitingFor() {
    return switch (state) {
      case PARKED -> describe(waitVerb, waitSubject);
      case ABROAD -> "a blocking call of the JDK";
      default -> "";
    };
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
    boolean cancellable = wait != Wait.SHIELDED;
    refuseIfOver(verb, subject, due, cancellable);
    loop.backend().submit(op);
    if (op.isDone()) {
      return op.result();
    }
    pendingOp = op;
    begin(verb, subject, due, cancellable);
    boolean suspended = true;
    while (suspended && !op.isDone()) {
      suspended = park();
    }
    pendingOp = null;
    Interruption why = end();
    if (!suspended) {
      loop.backend().cancel(op);
      loop.pollUntilDone(op);
      if (op.result() < 0) {
        throw pinned(verb, subject);
      }
    }
    int result = op.result();
    if (why != null && wasCutShort(result)) {
      throw exception(why, verb, subject);
    }
    return result;
  }

  /** As {@link #perform}, with no end but the operation's own, not even a cancel. */
  public final int performShielded(String verb, Object subject, Op op) {
    return perform(verb, subject, op, TimerQueue.NEVER, Wait.SHIELDED);
  }

  /**
   * A cancelled operation ends with ECANCELED; one that a kernel worker was blocked in, with EINTR.
   */
  private static boolean wasCutShort(int result) {
    return result == -Errno.ECANCELED.code() || result == -Errno.EINTR.code();
  }

  /** Waits in {@code list} until woken. Suspends. */
  public final void await(WaitList list, String verb, Object subject, long due, Wait wait) {
    assert loop.isCurrent(this) : this;
    boolean cancellable = wait != Wait.SHIELDED;
    refuseIfOver(verb, subject, due, cancellable);
    list.add(this);
    begin(verb, subject, due, cancellable);
    boolean hopeless = wait == Wait.INSIDE && due == TimerQueue.NEVER;
    loop.hopeless += hopeless ? 1 : 0;
    boolean suspended = park();
    loop.hopeless -= hopeless ? 1 : 0;
    Interruption why = end();
    if (!suspended) {
      list.remove(this);
      throw pinned(verb, subject);
    }
    if (why != null) {
      throw exception(why, verb, subject);
    }
  }

  /** Waits until the clock reads {@code due}. Suspends. */
  public final void sleepUntil(long due) {
    assert loop.isCurrent(this) : this;
    throwIfCancelled("sleep", NOTHING);
    if (due <= loop.clock().nanoTime()) {
      yieldNow();
      return;
    }
    begin("sleep", NOTHING, due, true);
    boolean suspended = park();
    if (end() == Interruption.CANCELLED) {
      throw exception(Interruption.CANCELLED, "sleep", NOTHING);
    }
    if (!suspended) {
      throw pinned("sleep", NOTHING);
    }
  }

  /** Lets every other strand that can run do so first. Suspends. */
  public final void yieldNow() {
    assert loop.isCurrent(this) : this;
    throwIfCancelled("yield", NOTHING);
    state = State.YIELDING;
    switchOut();
    if (state != State.RUNNING) {
      state = State.RUNNING;
      throw pinned("yield", NOTHING);
    }
  }

  public final void throwIfCancelled(String verb, Object subject) {
    if (cancelled) {
      throw exception(Interruption.CANCELLED, verb, subject);
    }
  }

  private void refuseIfOver(String verb, Object subject, long due, boolean cancellable) {
    if (cancellable) {
      throwIfCancelled(verb, subject);
    }
    if (due != TimerQueue.NEVER && due <= loop.clock().nanoTime()) {
      throw exception(Interruption.EXPIRED, verb, subject);
    }
  }

  private void begin(String verb, Object subject, long due, boolean cancellable) {
    waitVerb = verb;
    waitSubject = subject;
    interruptible = cancellable;
    interruption = null;
    if (due != TimerQueue.NEVER) {
      loop.timers().arm(expiry, due);
    }
  }

  private @Nullable Interruption end() {
    if (expiry.isArmed()) {
      loop.timers().disarm(expiry);
    }
    waitSubject = NOTHING;
    Interruption why = interruption;
    interruption = null;
    return why;
  }

  /**
   * Suspends until the loop resumes this strand.
   *
   * @return false if it could not be suspended, because its thread is pinned
   */
  private boolean park() {
    state = State.PARKED;
    switchOut();
    if (state == State.RUNNING) {
      return true;
    }
    state = State.RUNNING;
    return false;
  }

  // ---- calls made by others, on the reactor's thread

  /**
   * Ends the present wait with a {@link CancelledException}, and every later one; the thread is
   * interrupted, so that the blocking calls of the JDK end too.
   */
  public final void cancel() {
    if (!cancelled) {
      cancelled = true;
      thread().interrupt();
      if (interruptible) {
        interrupt(Interruption.CANCELLED);
      }
    }
  }

  private void interrupt(Interruption why) {
    if (state != State.PARKED || interruption != null) {
      return; // it has been made ready already: what it waited for came first
    }
    interruption = why;
    if (pendingOp != null) {
      loop.backend()
          .cancel(pendingOp); // parked on: the memory is the kernel's until the completion
    } else {
      wake();
    }
  }

  /** Lets a strand that waits in a list, or sleeps, go on. */
  final void wake() {
    if (waitingIn != null) {
      waitingIn.remove(this);
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

  final void ready() {
    assert state != State.READY && state != State.ENDED : this;
    state = State.READY;
    loop.enqueue(this);
  }

  /** Runs the strand until it suspends or ends; called by the loop alone. */
  final void run() {
    assert state == State.READY : this;
    state = State.RUNNING;
    resume();
    switch (state) {
      case YIELDING -> ready();
      case RUNNING -> state = State.ABROAD;
      case ENDED -> releaseAll();
      default -> {}
    }
  }

  private void releaseAll() {
    loop.timers().remove(expiry);
    if (op != null) {
      loop.backend().release(op);
      op = null;
    }
  }

  // ---- what the kinds of strand do differently

  /** Begins to run; the loop is on its own thread or on another strand. */
  abstract void start();

  /** Gives the strand the processor; returns when it has given it back. */
  abstract void resume();

  /**
   * Gives the processor back to the loop; returns at the next {@link #resume}, or at once if
   * pinned.
   */
  abstract void switchOut();

  /** Makes sure that the strand, whose code is running, has the processor by the loop's leave. */
  void claim() {}

  /** What the strand's thread runs. */
  final void runBody() {
    try {
      body.run();
    } finally {
      claim();
      state = State.ENDED;
    }
  }

  /**
   * Its thread asks to be run: it has come back from abroad, or has yielded by itself. The JDK also
   * asks after somebody has looked at the thread's stack, whether or not we held it back on
   * purpose.
   */
  final void submitted() {
    if (!loop.isOnThread()) {
      loop.arriveLater(this);
    } else if (loop.isCurrent(this)) {
      if (state == State.RUNNING) {
        state = State.YIELDING;
      }
    } else {
      arrive();
    }
  }

  @Override
  final void arrive() {
    if (state == State.ABROAD || state == State.NEW) {
      ready();
    }
  }

  // ---- messages

  private static String describe(String verb, Object subject) {
    String text = subject.toString();
    return text.isEmpty() ? verb : verb + " " + text;
  }

  private RuntimeException exception(Interruption why, String verb, Object subject) {
    String what = describe(verb, subject);
    return why == Interruption.CANCELLED
        ? new CancelledException(what + ": " + body + " was cancelled")
        : new DeadlineExceededException(what + ": deadline exceeded");
  }

  private PinnedException pinned(String verb, Object subject) {
    return new PinnedException(
        describe(verb, subject)
            + ": "
            + body
            + " can't be suspended below a class initialiser or a native frame");
  }

  @Override
  public String toString() {
    return body + " " + state;
  }
}

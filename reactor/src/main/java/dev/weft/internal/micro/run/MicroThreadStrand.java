// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

import dev.weft.internal.strand.HostedStrand;
import dev.weft.internal.strand.Strand;
import dev.weft.routine.Routine;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Strand of a micro-thread that makes fiber calls: channels, bundles and other waits of fibers. It
 * is hosted by the dispatcher's fiber. It is created by a thread's first fiber call, so threads
 * that make none have no cost.
 */
final class MicroThreadStrand extends HostedStrand {
  private final ThreadControl thread;
  private final MicroDispatcher dispatcher;

  /** Whether a deadline of a scope is counted among the process's. */
  private boolean hasDeadline;

  private MicroThreadStrand(ThreadControl thread, MicroDispatcher dispatcher, Strand.Body body) {
    super(dispatcher.strand(), dispatcher.context(), body);
    this.thread = thread;
    this.dispatcher = dispatcher;
  }

  private static MicroThreadStrand of(ThreadControl thread, MicroDispatcher dispatcher) {
    Object reactor = dispatcher.loop().owner();
    Maker maker = MAKERS.of(reactor);
    if (maker == null) {
      throw new IllegalStateException(reactor + " knows no fibers");
    }
    HostedStrand made =
        maker.make(thread.label(), body -> new MicroThreadStrand(thread, dispatcher, body));
    made.start();
    return (MicroThreadStrand) made;
  }

  /**
   * Prepares {@code strand}, if any, to be resumed; returns false if it is in a fiber call that has
   * not ended and must not be resumed.
   */
  static boolean prepareResume(@Nullable MicroThreadStrand strand) {
    if (strand != null && strand.isWaiting()) {
      if (!strand.canGoOn()) {
        return false;
      }
      strand.continueAfterWait();
    }
    return true;
  }

  // ---- the strands of a thread: of its body, and of a lastly that runs in place of the body

  /** Whether lastly runs in place of the body, which may be suspended. */
  private static boolean isLastlyInPlace(ThreadControl thread) {
    return thread.cleanup != null
        && thread.phase != Phase.LASTLY
        && thread.phase != Phase.RELEASING;
  }

  /** The strand of the code that runs next, body or lastly; null if that made no fiber call. */
  static @Nullable MicroThreadStrand active(ThreadControl thread) {
    return isLastlyInPlace(thread) ? thread.cleanupStrand() : thread.strand;
  }

  /** As {@link #active}; creates the strand at its first use. */
  static MicroThreadStrand require(ThreadControl thread, MicroDispatcher dispatcher) {
    MicroThreadStrand found = active(thread);
    if (found != null) {
      return found;
    }
    MicroThreadStrand made = of(thread, dispatcher);
    if (isLastlyInPlace(thread)) {
      thread.errors().cleanupStrand = made;
    } else {
      thread.strand = made;
    }
    if (thread.phase == Phase.UNWINDING || thread.home().isEnding()) {
      made.end();
    }
    return made;
  }

  /** Whether the thread is in a fiber call. */
  static boolean isInCall(ThreadControl thread) {
    MicroThreadStrand active = active(thread);
    return active != null && active.isWaiting();
  }

  // ---- after a failure of the runtime's own code, when the thread no longer runs

  /** Cancels the fiber calls that the thread is in. */
  static void endCalls(ThreadControl thread) {
    end(thread.strand);
    end(thread.cleanupStrand());
  }

  private static void end(@Nullable MicroThreadStrand strand) {
    if (strand != null) {
      strand.end();
    }
  }

  /** Whether the thread is in a fiber call that has not ended. */
  static boolean isInCallStill(ThreadControl thread) {
    return isWaiting(thread.strand) || isWaiting(thread.cleanupStrand());
  }

  private static boolean isWaiting(@Nullable MicroThreadStrand strand) {
    return strand != null && strand.isWaiting() && !strand.canGoOn();
  }

  /** Discards the results of the thread's fiber calls, and its timers. */
  static void discardCalls(ThreadControl thread) {
    discard(thread.strand);
    discard(thread.cleanupStrand());
    thread.home().timers.forget(thread);
  }

  private static void discard(@Nullable MicroThreadStrand strand) {
    if (strand != null) {
      prepareResume(strand);
      if (!strand.holdsResources()) {
        strand.close();
      }
    }
  }

  // ---- the strand

  /** The routine that runs on this strand: the body, or lastly. */
  private Routine running() {
    Routine cleanup = thread.cleanup;
    return cleanup != null && active(thread) == this ? cleanup : thread.runner;
  }

  @Override
  protected void waitBegan() {
    thread.status = ThreadStatus.FOR_FIBER_CALL;
    thread.home().fiberCalls++;
  }

  @Override
  protected void waitEnded() {
    thread.home().fiberCalls--;
  }

  @Override
  protected void yields() {
    dispatcher.yielded(this);
  }

  @Override
  protected void awake() {
    // If this strand is not active, the body's call has ended while lastly runs in place of the
    // body; it is checked when lastly has ended.
    ProcessControl process = thread.home();
    if (active(thread) == this) {
      process.threads.play(thread);
      dispatcher.ready(process);
    } else if (process.isBroken()) {
      dispatcher.ready(process);
    }
  }

  @Override
  protected void scopeEnded() {
    if (this == thread.strand) {
      thread.home().threads.scopeEnded(thread);
    }
  }

  @Override
  protected void hasDeadline(boolean has) {
    if (has != hasDeadline) {
      hasDeadline = has;
      thread.home().timers.count(has ? 1 : -1);
    }
  }

  @Override
  protected boolean leaveStack() {
    return running().leaveStack();
  }

  @Override
  protected boolean isOnStack() {
    return thread.home().isStackful();
  }

  @Override
  public boolean isRunning() {
    return dispatcher.running() == thread && active(thread) == this && !isWaiting();
  }

  @Override
  protected List<StackTraceElement> places() {
    return running().stack();
  }

  /** Releases the strand, which holds no resources any more. */
  void close() {
    hasDeadline(false);
    forget();
  }
}

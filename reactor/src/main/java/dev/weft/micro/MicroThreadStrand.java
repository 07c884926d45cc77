// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

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
  private final MicroThread thread;
  private final MicroDispatcher dispatcher;

  /** Whether a deadline of a scope is counted among the process's. */
  private boolean hasDeadline;

  private MicroThreadStrand(MicroThread thread, MicroDispatcher dispatcher, Strand.Body body) {
    super(dispatcher.strand(), dispatcher.context(), body);
    this.thread = thread;
    this.dispatcher = dispatcher;
  }

  static MicroThreadStrand of(MicroThread thread, MicroDispatcher dispatcher) {
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
   * Prepares {@code guest}, if any, to be resumed; returns false if it is in a fiber call that has
   * not ended and must not be resumed.
   */
  static boolean prepareResume(@Nullable MicroThreadStrand guest) {
    if (guest != null && guest.isWaiting()) {
      if (!guest.canGoOn()) {
        return false;
      }
      guest.goOn();
    }
    return true;
  }

  /** The routine that runs on this strand: the body, or lastly. */
  private Routine running() {
    Routine cleanup = thread.cleanup;
    return cleanup != null && thread.activeGuest() == this ? cleanup : thread.runner;
  }

  @Override
  protected void waits() {
    thread.status = ThreadControl.FOR_GUEST;
    thread.home().guestsWaiting++;
  }

  @Override
  protected void goesOn() {
    thread.home().guestsWaiting--;
  }

  @Override
  protected void yields() {
    dispatcher.yielded(this);
  }

  @Override
  protected void awake() {
    // If this strand is not active, the body's call has ended while lastly runs in place of the
    // body; it is checked when lastly has ended.
    MicroProcess process = thread.home();
    if (thread.activeGuest() == this) {
      process.threads.play(thread);
      dispatcher.ready(process);
    } else if (process.isBroken()) {
      dispatcher.ready(process);
    }
  }

  @Override
  protected void scopeEnded() {
    if (this == thread.guest) {
      thread.home().threads.scopeEnded(thread);
    }
  }

  @Override
  protected void hasDeadline(boolean has) {
    if (has != hasDeadline) {
      hasDeadline = has;
      thread.home().alarms.count(has ? 1 : -1);
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
    return dispatcher.running() == thread && thread.activeGuest() == this && !isWaiting();
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

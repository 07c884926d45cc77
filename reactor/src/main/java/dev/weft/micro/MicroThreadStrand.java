// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.internal.strand.HostedStrand;
import dev.weft.internal.strand.Strand;
import dev.weft.routine.Routine;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a micro-thread is to channels, bundles and all else that fibers wait for: a strand that the
 * kernel's fiber runs. A thread has none before its first such call, and threads that make none
 * cost nothing for it.
 */
final class MicroThreadStrand extends HostedStrand {
  private final MicroThread thread;
  private final MicroDispatcher kernel;

  /** Whether a deadline of a scope is counted among the process's. */
  private boolean hasDeadline;

  private MicroThreadStrand(MicroThread thread, MicroDispatcher kernel, Strand.Body body) {
    super(kernel.strand(), kernel.context(), body);
    this.thread = thread;
    this.kernel = kernel;
  }

  static MicroThreadStrand of(MicroThread thread, MicroDispatcher kernel) {
    Object reactor = kernel.loop().owner();
    Maker maker = MAKERS.of(reactor);
    if (maker == null) {
      throw new IllegalStateException(reactor + " knows no fibers");
    }
    HostedStrand made =
        maker.make(thread.label(), body -> new MicroThreadStrand(thread, kernel, body));
    made.start();
    return (MicroThreadStrand) made;
  }

  /**
   * Lets the code of {@code guest}, if there is one, go on; returns false if it is in a call that
   * has not ended, and must not be resumed.
   */
  static boolean letGoOn(@Nullable MicroThreadStrand guest) {
    if (guest != null && guest.isWaiting()) {
      if (!guest.canGoOn()) {
        return false;
      }
      guest.goOn();
    }
    return true;
  }

  /** What it is that runs: the body, or lastly. */
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
    kernel.yielded(this);
  }

  @Override
  protected void awake() {
    // If not, the body's call has ended while lastly runs in place of the body: it is looked at
    // when that has.
    MicroProcess process = thread.home();
    if (thread.activeGuest() == this) {
      process.threads.play(thread);
      kernel.ready(process);
    } else if (process.isBroken()) {
      kernel.ready(process);
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
    return kernel.running() == thread && thread.activeGuest() == this && !isWaiting();
  }

  @Override
  protected List<StackTraceElement> places() {
    return running().stack();
  }

  /** Gives back what it has; it has been settled. */
  void close() {
    hasDeadline(false);
    forget();
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.error.CancelledException;
import dev.weft.error.Errno;
import dev.weft.micro.ErrorState.Phase;
import dev.weft.routine.Routine;
import dev.weft.routine.codegen.Context;
import org.jspecify.annotations.Nullable;

/**
 * Phase transitions of a process's threads, when a thread has returned or thrown instead of
 * suspending, or when the process ends (see the diagram at {@link ErrorState}).
 */
final class ThreadLifecycle {
  /** Whether the lastly of a thread class is woven, so that it can suspend without a stack. */
  private static final ClassValue<Boolean> LASTLY_IS_WOVEN =
      new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> type) {
          Class<?> declaring = type;
          while (!declares(declaring, "lastly")) {
            declaring = declaring.getSuperclass();
          }
          return declares(declaring, "lastly", Context.class);
        }
      };

  private final MicroProcess process;
  private final ProcessScheduler threads;

  ThreadLifecycle(MicroProcess process, ProcessScheduler threads) {
    this.process = process;
    this.threads = threads;
  }

  /** Runs lastly() while the body is suspended or has ended. */
  private static final class Lastly extends Routine {
    private final MicroThread thread;

    Lastly(MicroThread thread) {
      this.thread = thread;
    }

    @Override
    protected void run() throws Exception {
      thread.lastly();
    }
  }

  private static boolean declares(Class<?> type, String name, Class<?>... parameters) {
    try {
      return type.getDeclaredMethod(name, parameters) != null;
    } catch (NoSuchMethodException e) {
      return false;
    }
  }

  void beginLastly(MicroThread thread, Phase phase, int code) {
    boolean stackful = process.isStackful() || !LASTLY_IS_WOVEN.get(thread.getClass());
    beginAside(thread, phase, new Lastly(thread), stackful);
    if (phase == Phase.RAISED) {
      thread.beginAside(code);
    } else {
      thread.begin(code);
    }
  }

  /** Sets the next step to {@code cleanup}. Allocates before it changes anything. */
  private static Routine beginAside(
      MicroThread thread, Phase phase, Routine cleanup, boolean stackful) {
    Routine runner = stackful ? cleanup.stackful() : cleanup;
    thread.phase = phase;
    thread.hasPendingStep = true;
    thread.cleanup = runner;
    return runner;
  }

  /** Handles that a routine of {@code thread} has returned or thrown. */
  void finished(MicroThread thread, Routine routine, @Nullable Throwable failure, Context context) {
    if (routine == thread.cleanup) {
      lastlyEnded(thread, failure, context);
    } else {
      bodyEnded(thread, failure, context);
    }
  }

  // ---- the body

  private void bodyEnded(MicroThread thread, @Nullable Throwable failure, Context context) {
    boolean byItself = failure == null || (failure instanceof ThreadExit && thread.endsHere());
    if (byItself && thread.phase == Phase.BODY) {
      beginLastly(thread, Phase.LASTLY, 0);
      threads.again(thread);
    } else if (thread.phase == Phase.UNWINDING || failure instanceof ThreadExit) {
      if (failure != null && !isOfAnEnd(failure)) {
        process.report(
            thread.label() + " failed while it was ended: " + ThreadLog.describe(failure));
      }
      end(thread, context);
    } else if (failure == null) {
      end(thread, context);
    } else if (thread.isOfLastly(failure)) {
      reportLastly(thread, failure);
      end(thread, context);
    } else {
      fault(thread, failure, context);
    }
  }

  /** Whether the exception is one that unwinds a terminated thread. */
  private static boolean isOfAnEnd(Throwable failure) {
    return failure instanceof ThreadExit || failure instanceof CancelledException;
  }

  private void fault(MicroThread thread, Throwable failure, Context context) {
    MicroFault fault = new MicroFault(thread, failure);
    process.faults.add();
    process.report("fault in " + thread.label() + ": " + ThreadLog.describe(failure));
    process.forgetWaits(thread); // a wait that it was about to start
    if (failure instanceof VirtualMachineError) {
      threads.playWaiting(); // it may have interrupted a wake-up
    }
    MicroThread supervisor = process.faults.supervisor();
    if (supervisor != null && supervisor != thread) {
      if (process.faults.areTooMany()) {
        process.report("too many faults: " + thread.label() + " is given up");
        end(thread, context);
      } else {
        rewind(thread, context);
        if (!thread.expects()) {
          thread.status(MicroStatus.YIELD);
        }
      }
      supervisor.fault(fault);
      threads.raiseAt(supervisor, Errno.EFAULT.code());
      return;
    }
    thread.fault(fault);
    thread.bodyStatus = thread.status;
    beginLastly(thread, Phase.FAULTED, Errno.EFAULT.code());
    threads.again(thread);
  }

  /** Makes a thread that has thrown resume from its last suspension, or else from its beginning. */
  private void rewind(MicroThread thread, Context context) {
    thread.phase = Phase.BODY;
    thread.hasPendingStep = thread.isStepAside();
    thread.forgetRaises();
    // A fiber call can't be resumed in its middle to wait again.
    boolean inCall = thread.status == ThreadControl.FOR_GUEST;
    if (inCall || !thread.runner.rewind(context)) {
      thread.restart();
      thread.status(MicroStatus.RUN);
      thread.runner = process.isStackful() ? thread.stackful() : thread;
    }
  }

  // ---- lastly

  private void lastlyEnded(MicroThread thread, @Nullable Throwable failure, Context context) {
    thread.cleanup = null;
    if (failure != null) {
      thread.takeLowered();
      reportLastly(thread, failure);
    }
    MicroThreadStrand guest = thread.asideGuest;
    if (guest != null && guest.holdsResources()) {
      thread.cleanup = guest.body();
      threads.resume(thread, guest.body(), context);
      return;
    }
    if (guest != null) {
      guest.close();
      thread.asideGuest = null;
    }
    boolean lowered = thread.takeLowered();
    switch (thread.phase) {
      case RAISED -> raisedAtEnded(thread, lowered, context);
      case FAULTED -> faultEnded(thread, lowered, context);
      case REAPED -> unwind(thread, context);
      default -> end(thread, context);
    }
  }

  private void reportLastly(MicroThread thread, Throwable failure) {
    if (!isOfAnEnd(failure)) {
      process.report("lastly of " + thread.label() + " failed: " + ThreadLog.describe(failure));
    }
  }

  private void raisedAtEnded(MicroThread thread, boolean lowered, Context context) {
    if (!lowered) {
      unwind(thread, context);
      return;
    }
    if (process.isEnding()) {
      terminate(thread); // its process has started to end meanwhile
      return;
    }
    thread.phase = Phase.BODY;
    thread.endAside();
    thread.hasPendingStep = thread.isStepAside();
    thread.status = thread.bodyStatus;
    if (thread.bodyPlayed || thread.raisedAt != 0) {
      threads.queue(thread);
    }
  }

  private void faultEnded(MicroThread thread, boolean lowered, Context context) {
    if (lowered && process.faults.areTooMany()) {
      process.report("too many faults: " + thread.label() + " is given up");
    } else if (lowered && !process.isEnding()) {
      thread.status = thread.bodyStatus;
      rewind(thread, context);
      threads.again(thread);
      return;
    }
    end(thread, context);
  }

  // ---- to the end

  /** Unwinds the body through its finally blocks, in which it may suspend. */
  private void unwind(MicroThread thread, Context context) {
    thread.phase = Phase.UNWINDING;
    thread.hasPendingStep = true;
    thread.isToEnd = false;
    process.forgetWaits(thread);
    if (!thread.runner.hasBegun() || thread.runner.isDone()) {
      end(thread, context);
      return;
    }
    MicroThreadStrand guest = thread.guest;
    if (guest != null) {
      guest.end();
      if (guest.isWaiting()) {
        // A fiber call ends when its operation has ended, with the operation's result if that came
        // first.
        thread.isToEnd = true;
        if (guest.canGoOn()) {
          threads.queue(thread);
        }
        return;
      }
    }
    leaveCalls(thread, thread.runner, context);
  }

  private void leaveCalls(MicroThread thread, Routine routine, Context context) {
    context.failure = new ThreadExit(thread.label() + " was ended");
    threads.resume(thread, routine, context);
  }

  /** Runs a step of a thread that is being unwound. */
  void stepUnwinding(MicroThread thread, Context context) {
    if (!MicroThreadStrand.prepareResume(thread.guest)) {
      return;
    }
    threads.resume(thread, thread.runner, context);
    MicroThreadStrand guest = thread.guest;
    if (thread.isToEnd && guest != null && !guest.isWaiting()) {
      thread.isToEnd = false;
      if (thread.phase == Phase.UNWINDING && !guest.isCancellationSeen()) {
        leaveCalls(thread, thread.runner, context);
      }
    }
  }

  private void end(MicroThread thread, Context context) {
    MicroThreadStrand guest = thread.guest;
    if (guest != null) {
      if (guest.holdsResources()) {
        threads.resume(thread, beginAside(thread, Phase.SETTLING, guest.body(), false), context);
        return;
      }
      guest.close();
      thread.guest = null;
    }
    thread.phase = Phase.ENDED;
    thread.hasPendingStep = true;
    thread.status(MicroStatus.END);
    thread.cleanup = null;
    threads.ended(thread);
  }

  // ---- the end of the process

  /** Starts to end the remaining threads: each runs its lastly with EINTR. */
  void terminate() {
    threads.admitYielded();
    threads.forEachLive(
        thread -> {
          MicroThreadStrand guest = thread.activeGuest();
          if (thread.phase == Phase.BODY) {
            terminate(thread);
          } else if (guest != null) {
            guest.end(); // cancels the fiber call of its lastly or finally block
          }
        });
  }

  private void terminate(MicroThread thread) {
    process.forgetWaits(thread);
    beginLastly(thread, Phase.REAPED, Errno.EINTR.code());
    threads.queue(thread);
  }

  /** Ends the threads whose lastly or finally block waits. */
  void forceTerminate(Context context) {
    threads.forEachLive(thread -> forceTerminate(thread, context));
    threads.resetRunning();
  }

  private void forceTerminate(MicroThread thread, Context context) {
    Routine cleanup = thread.cleanup;
    if (thread.isInCall()) {
      return; // it ends with its operation or its children; every other wait has been cancelled
    }
    if (cleanup != null && thread.asideGuest != null && !thread.isToEnd) {
      thread.isToEnd = true; // unwound through its finally blocks: it may hold what others need
      leaveCalls(thread, cleanup, context);
      return;
    }
    thread.cleanup = null;
    if (thread.phase == Phase.UNWINDING) {
      process.report(thread.label() + " waits although it was ended, and is dropped");
      end(thread, context);
    } else {
      unwind(thread, context);
    }
  }
}

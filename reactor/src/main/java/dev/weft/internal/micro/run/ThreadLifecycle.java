// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

import dev.weft.error.CancelledException;
import dev.weft.error.Errno;
import dev.weft.routine.Routine;
import dev.weft.routine.codegen.Context;
import org.jspecify.annotations.Nullable;

/**
 * Phase transitions of a process's threads, when a thread has returned or thrown instead of
 * suspending, or when the process ends (see the diagram at {@link Phase}).
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

  private final ProcessControl process;
  private final ProcessScheduler threads;

  ThreadLifecycle(ProcessControl process, ProcessScheduler threads) {
    this.process = process;
    this.threads = threads;
  }

  private static boolean declares(Class<?> type, String name, Class<?>... parameters) {
    try {
      return type.getDeclaredMethod(name, parameters) != null;
    } catch (NoSuchMethodException e) {
      return false;
    }
  }

  void beginLastly(ThreadControl thread, Phase phase, int code) {
    ErrorState errors = thread.errors();
    boolean stackful = process.isStackful() || !LASTLY_IS_WOVEN.get(thread.body.getClass());
    setCleanup(thread, phase, thread.lastly(), stackful);
    if (phase == Phase.RAISED) {
      errors.beginInPlace(code);
    } else {
      errors.begin(code);
    }
  }

  /** Sets the next step to {@code cleanup}. Allocates before it changes anything. */
  private static Routine setCleanup(
      ThreadControl thread, Phase phase, Routine cleanup, boolean stackful) {
    Routine runner = stackful ? cleanup.stackful() : cleanup;
    thread.phase = phase;
    thread.hasPendingStep = true;
    thread.cleanup = runner;
    return runner;
  }

  /** Handles that a routine of {@code thread} has returned or thrown. */
  void finished(
      ThreadControl thread, Routine routine, @Nullable Throwable failure, Context context) {
    if (routine == thread.cleanup) {
      lastlyEnded(thread, failure, context);
    } else {
      bodyEnded(thread, failure, context);
    }
  }

  // ---- the body

  private void bodyEnded(ThreadControl thread, @Nullable Throwable failure, Context context) {
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

  private void fault(ThreadControl thread, Throwable failure, Context context) {
    Fault fault = new Fault(thread, failure);
    process.faults.add();
    process.report("fault in " + thread.label() + ": " + ThreadLog.describe(failure));
    process.forgetWaits(thread); // a wait that it was about to start
    if (failure instanceof VirtualMachineError) {
      threads.playWaiting(); // it may have interrupted a wake-up
    }
    ThreadControl supervisor = process.faults.supervisor();
    if (supervisor != null && supervisor != thread) {
      if (process.faults.areTooMany()) {
        process.report("too many faults: " + thread.label() + " is given up");
        end(thread, context);
      } else {
        rewind(thread, context);
        if (!thread.expects()) {
          thread.status = ThreadStatus.YIELD;
        }
      }
      supervisor.errors().fault(fault);
      threads.raiseAt(supervisor, Errno.EFAULT.code());
      return;
    }
    thread.errors().fault(fault);
    thread.errors().bodyStatus = thread.status;
    beginLastly(thread, Phase.FAULTED, Errno.EFAULT.code());
    threads.again(thread);
  }

  /** Makes a thread that has thrown resume from its last suspension, or else from its beginning. */
  private void rewind(ThreadControl thread, Context context) {
    thread.phase = Phase.BODY;
    thread.hasPendingStep = thread.hasPendingEvent();
    thread.errors().forgetRaises();
    // A fiber call can't be resumed in its middle to wait again.
    boolean inCall = thread.status == ThreadStatus.FOR_FIBER_CALL;
    if (inCall || !thread.runner.rewind(context)) {
      thread.body.restart();
      thread.status = ThreadStatus.RUN;
      thread.runner = process.isStackful() ? thread.body.stackful() : thread.body;
    }
  }

  // ---- lastly

  private void lastlyEnded(ThreadControl thread, @Nullable Throwable failure, Context context) {
    thread.cleanup = null;
    if (failure != null) {
      thread.errors().takeLowered();
      reportLastly(thread, failure);
    }
    MicroThreadStrand strand = thread.cleanupStrand();
    if (strand != null && strand.holdsResources()) {
      thread.cleanup = strand.body();
      threads.resume(thread, strand.body(), context);
      return;
    }
    if (strand != null) {
      strand.close();
      thread.errors().cleanupStrand = null;
    }
    boolean lowered = thread.errors().takeLowered();
    switch (thread.phase) {
      case RAISED -> raisedAtEnded(thread, lowered, context);
      case FAULTED -> faultEnded(thread, lowered, context);
      case REAPED -> unwind(thread, context);
      default -> end(thread, context);
    }
  }

  private void reportLastly(ThreadControl thread, Throwable failure) {
    if (!isOfAnEnd(failure)) {
      process.report("lastly of " + thread.label() + " failed: " + ThreadLog.describe(failure));
    }
  }

  private void raisedAtEnded(ThreadControl thread, boolean lowered, Context context) {
    if (!lowered) {
      unwind(thread, context);
      return;
    }
    if (process.isEnding()) {
      terminate(thread); // its process has started to end meanwhile
      return;
    }
    ErrorState errors = thread.errors();
    thread.phase = Phase.BODY;
    errors.endInPlace();
    thread.hasPendingStep = thread.hasPendingEvent();
    thread.status = errors.bodyStatus;
    if (errors.bodyPlayed || thread.raisedAt != 0) {
      threads.queue(thread);
    }
  }

  private void faultEnded(ThreadControl thread, boolean lowered, Context context) {
    if (lowered && process.faults.areTooMany()) {
      process.report("too many faults: " + thread.label() + " is given up");
    } else if (lowered && !process.isEnding()) {
      thread.status = thread.errors().bodyStatus;
      rewind(thread, context);
      threads.again(thread);
      return;
    }
    end(thread, context);
  }

  // ---- to the end

  /** Unwinds the body through its finally blocks, in which it may suspend. */
  private void unwind(ThreadControl thread, Context context) {
    thread.phase = Phase.UNWINDING;
    thread.hasPendingStep = true;
    thread.isToEnd = false;
    process.forgetWaits(thread);
    if (!thread.runner.hasBegun() || thread.runner.isDone()) {
      end(thread, context);
      return;
    }
    MicroThreadStrand strand = thread.strand;
    if (strand != null) {
      strand.end();
      if (strand.isWaiting()) {
        // A fiber call ends when its operation has ended, with the operation's result if that came
        // first.
        thread.isToEnd = true;
        if (strand.canGoOn()) {
          threads.queue(thread);
        }
        return;
      }
    }
    leaveCalls(thread, thread.runner, context);
  }

  private void leaveCalls(ThreadControl thread, Routine routine, Context context) {
    context.failure = new ThreadExit(thread.label() + " was ended");
    threads.resume(thread, routine, context);
  }

  /** Runs a step of a thread that is being unwound. */
  void stepUnwinding(ThreadControl thread, Context context) {
    if (!MicroThreadStrand.prepareResume(thread.strand)) {
      return;
    }
    threads.resume(thread, thread.runner, context);
    MicroThreadStrand strand = thread.strand;
    if (thread.isToEnd && strand != null && !strand.isWaiting()) {
      thread.isToEnd = false;
      if (thread.phase == Phase.UNWINDING && !strand.isCancellationSeen()) {
        leaveCalls(thread, thread.runner, context);
      }
    }
  }

  private void end(ThreadControl thread, Context context) {
    MicroThreadStrand strand = thread.strand;
    if (strand != null) {
      if (strand.holdsResources()) {
        threads.resume(thread, setCleanup(thread, Phase.RELEASING, strand.body(), false), context);
        return;
      }
      strand.close();
      thread.strand = null;
    }
    thread.phase = Phase.ENDED;
    thread.hasPendingStep = true;
    thread.status = ThreadStatus.END;
    thread.cleanup = null;
    threads.ended(thread);
  }

  // ---- the end of the process

  /** Starts to end the remaining threads: each runs its lastly with EINTR. */
  void terminate() {
    threads.admitYielded();
    threads.forEachLive(
        thread -> {
          MicroThreadStrand strand = MicroThreadStrand.active(thread);
          if (thread.phase == Phase.BODY) {
            terminate(thread);
          } else if (strand != null) {
            strand.end(); // cancels the fiber call of its lastly or finally block
          }
        });
  }

  private void terminate(ThreadControl thread) {
    process.forgetWaits(thread);
    beginLastly(thread, Phase.REAPED, Errno.EINTR.code());
    threads.queue(thread);
  }

  /** Ends the threads whose lastly or finally block waits. */
  void forceTerminate(Context context) {
    threads.forEachLive(thread -> forceTerminate(thread, context));
    threads.resetRunning();
  }

  private void forceTerminate(ThreadControl thread, Context context) {
    Routine cleanup = thread.cleanup;
    if (MicroThreadStrand.isInCall(thread)) {
      return; // it ends with its operation or its children; every other wait has been cancelled
    }
    if (cleanup != null && thread.cleanupStrand() != null && !thread.isToEnd) {
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

// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.error.DeadlineExceededException;
import dev.weft.internal.cross.LoopMessage;
import dev.weft.internal.failure.Failures;
import dev.weft.internal.os.CpuAffinity;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Runs calls that block their thread, or that compute for long, beside the reactor: on one of a
 * bounded number of daemon threads that all reactors share. There are 64 at most, or as many as the
 * system property {@code dev.weft.blocking.threads} says; further calls wait for one.
 */
public final class Blocking {
  private static final String THREADS_PROPERTY = "dev.weft.blocking.threads";
  private static final int THREADS_DEFAULT = 64;
  static final int THREADS_MAX = threads(System.getProperty(THREADS_PROPERTY));
  private static final long IDLE_SECONDS_MAX = 10;

  private static final ThreadPoolExecutor THREADS =
      new ThreadPoolExecutor(
          THREADS_MAX,
          THREADS_MAX,
          IDLE_SECONDS_MAX,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(),
          threads());

  static {
    THREADS.allowCoreThreadTimeOut(true);
  }

  private Blocking() {}

  private static ThreadFactory threads() {
    ThreadFactory named = Thread.ofPlatform().daemon().name("weft-blocking-", 1).factory();
    return worker ->
        named.newThread(
            () -> {
              CpuAffinity.leaveInherited(); // a pinned reactor may have started the thread
              worker.run();
            });
  }

  /** How many threads the system property means. */
  static int threads(@Nullable String property) {
    if (property == null) {
      return THREADS_DEFAULT;
    }
    try {
      int threads = Integer.parseInt(property);
      if (threads > 0) {
        return threads;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new IllegalArgumentException(
        "the system property " + THREADS_PROPERTY + " must be at least 1: " + property);
  }

  /**
   * Runs a call on another thread and waits for its end. Suspends.
   *
   * <p>If the fiber is cancelled meanwhile, that thread is interrupted, and the fiber still waits
   * for the call to end, since nothing that it has started should go on behind its back: a call
   * that takes no notice of interrupts holds it up. If the call succeeds all the same, its result
   * is returned.
   *
   * @param <T> the type of the result
   * @param call what to run; sees none of the fiber's locals
   * @return its result
   * @throws Exception what the call throws, as it is
   */
  public static <T extends @Nullable Object> T call(Callable<T> call) throws Exception {
    return call(call, Deadline.NEVER);
  }

  /**
   * Runs a call on another thread as {@link #call(Callable)} does, and interrupts it at a deadline.
   * Suspends.
   *
   * @param <T> the type of the result
   * @param call what to run; sees none of the fiber's locals
   * @param deadline when to interrupt it
   * @return its result
   * @throws DeadlineExceededException if it failed after the deadline had passed; what it threw is
   *     suppressed
   * @throws Exception what the call throws before, as it is
   */
  public static <T extends @Nullable Object> T call(Callable<T> call, Deadline deadline)
      throws Exception {
    Strand strand = Strand.require("call");
    strand.checkBeforeWait("call", call, deadline.nanoTime(), WaitMode.EXTERNAL);
    Job<T> job = new Job<>(strand.loop, call);
    Executor simulated = strand.loop.blocking();
    (simulated == null ? THREADS : simulated).execute(job);
    try {
      job.await(strand, deadline, WaitMode.EXTERNAL);
    } catch (RuntimeException | Error e) { // a cancel, a deadline, or no memory to suspend
      if (job.abort()) {
        throw e;
      }
      try {
        job.await(strand, Deadline.NEVER, WaitMode.SHIELDED);
      } catch (RuntimeException | Error again) {
        job.block(); // nothing that the fiber has started may go on behind its back
      }
      if (job.failure != null) {
        Failures.suppress(e, job.failure);
        throw e;
      }
    }
    return job.result();
  }

  /** A call on its way to another thread and back. */
  private static final class Job<T extends @Nullable Object> extends LoopMessage
      implements Runnable {
    private enum State {
      QUEUED,
      RUNNING,
      DONE,
      ABORTED
    }

    private final Callable<T> call;
    private final WaitList waiters = new WaitList();

    // Guarded by this, between the two threads.
    private State state = State.QUEUED;
    private @Nullable Thread runner;

    /** The thread that {@link #block} holds up, or null. */
    private @Nullable Thread waiter;

    // Written before it arrives, read afterwards.
    private @Nullable T result;
    @Nullable Throwable failure;

    /** On the reactor's side. */
    private boolean arrived;

    Job(EventLoop loop, Callable<T> call) {
      super(loop);
      this.call = call;
    }

    @Override
    public void run() {
      synchronized (this) {
        if (state == State.ABORTED) {
          return;
        }
        state = State.RUNNING;
        runner = Thread.currentThread();
      }
      try {
        result = call.call();
      } catch (Throwable e) {
        failure = e;
      }
      Thread blocked;
      synchronized (this) {
        state = State.DONE;
        runner = null;
        blocked = waiter;
        Thread.interrupted(); // ours, or left by the call: the thread goes on to another one
      }
      post();
      LockSupport.unpark(blocked);
    }

    /** Waits for the end without suspending the fiber, and if need be blocks the reactor. */
    void block() {
      synchronized (this) {
        waiter = Thread.currentThread();
      }
      while (!isDone()) {
        LockSupport.park(this);
      }
    }

    private synchronized boolean isDone() {
      return state == State.DONE;
    }

    /** Gives the call up; returns false if it runs or has run, so that it has to be waited for. */
    synchronized boolean abort() {
      if (state == State.QUEUED) {
        state = State.ABORTED;
        THREADS.remove(this);
        return true;
      }
      if (runner != null) {
        runner.interrupt();
      }
      return false;
    }

    void await(Strand strand, Deadline deadline, WaitMode wait) {
      while (!arrived) {
        strand.await(waiters, "call", call, deadline.nanoTime(), wait);
      }
    }

    @Override
    protected void arrive() {
      arrived = true;
      waiters.wakeAll();
    }

    @SuppressWarnings("NullAway") // null only if T allows it
    T result() throws Exception {
      if (failure instanceof Exception exception) {
        throw exception;
      }
      if (failure instanceof Error error) {
        throw error;
      }
      return result;
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.error.DeadlineExceededException;
import dev.weft.internal.cross.LoopMessage;
import dev.weft.internal.failure.Failures;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.os.CpuAffinity;
import dev.weft.internal.queue.InboundQueue;
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
 * Runs blocking or long-running calls on a bounded pool of daemon threads, so that they do not hold
 * up the reactor. All reactors share the pool. It has at most 64 threads, or the number in the
 * system property {@code dev.weft.blocking.threads}; further calls wait for a free thread.
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

  /** Parses the system property; null means the default. */
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
      // thrown below
    }
    throw new IllegalArgumentException(
        "the system property " + THREADS_PROPERTY + " must be at least 1: " + property);
  }

  /**
   * Runs a call on another thread and waits until it has ended. Suspends.
   *
   * <p>If the fiber is cancelled meanwhile, that thread is interrupted. The fiber still waits for
   * the call to end, so that no work it started outlives the wait: a call that ignores interrupts
   * delays the fiber. If the call succeeds all the same, its result is returned.
   *
   * @param <T> the type of the result
   * @param call what to run; it has no access to the fiber's locals
   * @return what the call returns
   * @throws Exception what the call throws, unwrapped
   */
  public static <T extends @Nullable Object> T call(Callable<T> call) throws Exception {
    return call(call, Deadline.NEVER);
  }

  /**
   * Runs a call on another thread as {@link #call(Callable)} does, and interrupts it at a deadline.
   * Suspends.
   *
   * @param <T> the type of the result
   * @param call what to run; it has no access to the fiber's locals
   * @param deadline when to interrupt the call
   * @return what the call returns
   * @throws DeadlineExceededException if the call failed after the deadline had passed; what it
   *     threw is suppressed in this exception
   * @throws Exception what the call throws before the deadline, unwrapped
   */
  public static <T extends @Nullable Object> T call(Callable<T> call, Deadline deadline)
      throws Exception {
    Strand strand = Strand.require("call");
    strand.checkBeforeWait("call", call, deadline.nanoTime(), WaitMode.EXTERNAL);
    strand.waiting.requireTime("call", call, deadline.nanoTime());
    Job<T> job = new Job<>(strand.loop, call);
    StackReserve.check(); // the call must not outlive the wait for it
    Executor simulated = strand.loop.blocking();
    if (simulated == null) {
      job.submit();
    } else {
      simulated.execute(job);
    }
    try {
      job.await(strand, deadline, WaitMode.EXTERNAL);
    } catch (RuntimeException | Error e) { // a cancel, a deadline, or no memory to suspend
      if (job.abort()) {
        throw e;
      }
      try {
        job.await(strand, Deadline.NEVER, WaitMode.SHIELDED);
      } catch (RuntimeException | Error again) {
        job.block(); // the call must not outlive the fiber's wait for it
      }
      if (job.failure != null) {
        Failures.suppress(e, job.failure);
        throw e;
      }
    }
    return job.result();
  }

  /** A call that runs on another thread and reports its end to the reactor. */
  private static final class Job<T extends @Nullable Object> extends LoopMessage
      implements Runnable {
    private enum State {
      QUEUED,
      RUNNING,
      DONE,
      ABORTED
    }

    private final EventLoop loop;
    private final Callable<T> call;
    private final WaitList waiters = new WaitList();

    // Guarded by this: both threads use them.
    private State state = State.QUEUED;
    private @Nullable Thread runner;

    /** The thread that {@link #block} holds up, or null. */
    private @Nullable Thread waiter;

    // Written before the message arrives, read afterwards.
    private @Nullable T result;
    @Nullable Throwable failure;

    /** Set and read on the reactor's thread. */
    private boolean arrived;

    private final InboundQueue.Node submission =
        new InboundQueue.Node() {
          @Override
          protected void arrive() {
            try {
              submitNow();
            } catch (Throwable e) { // no thread could be started
              refused(e);
            }
          }
        };

    Job(EventLoop loop, Callable<T> call) {
      super(loop);
      this.loop = loop;
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
        Thread.interrupted(); // sent by abort, or left by the call: the next call must not see it
      }
      post();
      LockSupport.unpark(blocked);
    }

    /** Waits for the end without suspending the fiber, which blocks the reactor. */
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

    private synchronized boolean isAborted() {
      return state == State.ABORTED;
    }

    /**
     * Gives the call to the executor, or takes it back if it has been aborted. For a virtual thread
     * the loop does it: the JDK can't unmount a deep stack, and if it fails to do so for a thread
     * that waits for a lock, the lock can't be acquired any more.
     */
    void submit() {
      if (Thread.currentThread().isVirtual()) {
        loop.arriveLater(submission);
      } else {
        submitNow();
      }
    }

    private void submitNow() {
      if (isAborted()) {
        THREADS.remove(this);
      } else {
        THREADS.execute(this);
      }
    }

    private void refused(Throwable why) {
      failure = why;
      synchronized (this) {
        state = State.DONE;
      }
      arrive();
    }

    /**
     * Cancels the call if it is still queued. Otherwise interrupts it and returns false: the caller
     * must wait for its end.
     */
    synchronized boolean abort() {
      if (state == State.QUEUED) {
        state = State.ABORTED;
        submit();
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
      Failures.throwIfAny(failure);
      return result;
    }
  }
}

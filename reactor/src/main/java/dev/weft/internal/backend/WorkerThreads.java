// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import dev.weft.internal.os.CpuAffinity;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The threads that carry out the jobs of one backend: what blocks, and the backend can't do
 * otherwise. They are daemons, start when they are needed and end when they have been idle for some
 * time.
 */
public final class WorkerThreads {
  /** The number of threads, besides those that are blocked. */
  private static final int THREADS = 4;

  private static final long IDLE_MILLIS = TimeUnit.SECONDS.toMillis(5);

  private static final VarHandle DONE;

  static {
    try {
      DONE = MethodHandles.lookup().findVarHandle(WorkerThreads.class, "done", WorkerJob.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Runnable wakeup;
  private final String name;

  /** The jobs that have been announced to block. Only on the reactor's thread. */
  private int blocking;

  // ---- guarded by this
  private @Nullable WorkerJob first;
  private @Nullable WorkerJob last;
  private int queued;
  private int threads;
  private int idle;

  private boolean isClosed;

  /** The jobs that are done, newest first: pushed by the threads, taken by the reactor. */
  @SuppressWarnings("unused") // through DONE as well
  private volatile @Nullable WorkerJob done;

  /**
   * Makes workers; none is started yet.
   *
   * @param wakeup lets the reactor's thread poll; called by the workers
   * @param name that of the threads
   */
  public WorkerThreads(Runnable wakeup, String name) {
    this.wakeup = wakeup;
    this.name = name;
  }

  /**
   * Queues a job; throws if no thread can be started for it, and there is none. Called by the loop,
   * not by fibers.
   */
  public synchronized void submit(WorkerJob job) {
    job.next = null;
    if (last == null) {
      first = job;
    } else {
      last.next = job;
    }
    last = job;
    queued++;
    if (idle >= queued) {
      notify();
    } else if (threads < THREADS + blocking) {
      startFor(job);
    }
  }

  private void startFor(WorkerJob job) {
    boolean started = false;
    try {
      Thread thread = Thread.ofPlatform().daemon().name(name).unstarted(this::work);
      thread.start();
      threads++;
      started = true;
    } finally {
      if (!started && threads == 0) {
        remove(job);
      }
    }
  }

  /** Removes a job that no thread has begun; returns whether there was one. */
  public synchronized boolean remove(WorkerJob job) {
    WorkerJob before = null;
    for (WorkerJob each = first; each != null; before = each, each = each.next) {
      if (each == job) {
        if (before == null) {
          first = job.next;
        } else {
          before.next = job.next;
        }
        if (last == job) {
          last = before;
        }
        queued--;
        return true;
      }
    }
    return false;
  }

  /**
   * Announces that the next job can block indefinitely. Takes no lock, as {@link #endBlocking}: a
   * fiber that waited for one could get it only when the reactor's thread runs it, which may be
   * waiting for the same lock.
   */
  public void beginBlocking() {
    blocking++;
  }

  public void endBlocking() {
    blocking--;
  }

  private void work() {
    CpuAffinity.leaveInherited(); // a pinned reactor may have started the thread
    for (WorkerJob job; (job = take()) != null; ) {
      job.run();
      finished(job);
    }
  }

  /** The next job; null if the thread is to end. */
  private synchronized @Nullable WorkerJob take() {
    awaitJob();
    WorkerJob job = first;
    if (job == null) {
      threads--;
      return null;
    }
    first = job.next;
    if (first == null) {
      last = null;
    }
    queued--;
    return job;
  }

  /** Waits until there is a job, or the thread has been idle for too long. */
  private synchronized void awaitJob() {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(IDLE_MILLIS);
    idle++;
    try {
      long left = IDLE_MILLIS;
      while (first == null && !isClosed && left > 0) {
        wait(left);
        left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      }
    } catch (InterruptedException e) {
      // no code of ours does that: the thread ends if there is no job
    } finally {
      idle--;
    }
  }

  private void finished(WorkerJob job) {
    WorkerJob head;
    do {
      head = done;
      job.next = head;
    } while (!DONE.compareAndSet(this, head, job));
    wakeup.run();
  }

  /** Whether jobs are done that have not been taken. */
  public boolean hasDone() {
    return done != null;
  }

  /** Takes the jobs that are done, oldest first. */
  public @Nullable WorkerJob takeDone() {
    WorkerJob newest = (WorkerJob) DONE.getAndSet(this, null);
    WorkerJob oldest = null;
    while (newest != null) {
      WorkerJob older = newest.next;
      newest.next = oldest;
      oldest = newest;
      newest = older;
    }
    return oldest;
  }

  /** Lets the threads end that have nothing to do. */
  public synchronized void close() {
    isClosed = true;
    notifyAll();
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.diag;

import dev.weft.internal.failure.UncaughtFailures;
import dev.weft.internal.os.CpuAffinity;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Detects stalled loops, from one thread for all loops. It checks periodically whether each loop
 * has progressed. The loops do no work for it: it reads the resume counter and the current strand
 * that they keep anyway. These reads are unordered, so a stall counts only if several checks agree.
 */
public final class Watchdog {
  /**
   * Called once for each stall, with the name of the strand that stalls its loop and the stack of
   * its thread during the stall. It is called on the watchdog's thread; the strand may have been
   * resumed since.
   */
  public interface Listener {
    void stalled(String name, Thread.State state, StackTraceElement[] stack, long nanos);
  }

  /** The number of checks within the time that a strand may run. */
  private static final int CHECKS_PER_LIMIT = 4;

  /** The time until the next check if memory was short. */
  private static final long RETRY_NANOS = 100_000_000;

  private static final List<Watch> WATCHES = new CopyOnWriteArrayList<>();
  private static @Nullable Thread watcher;

  private Watchdog() {}

  /** One loop that is watched. */
  public static final class Watch implements AutoCloseable {
    private final EventLoop loop;
    private final long limitNanos;
    private final Listener listener;
    private long resumes;
    private @Nullable Strand strand;
    private long since;
    private boolean reported;

    Watch(EventLoop loop, long limitNanos, Listener listener) {
      this.loop = loop;
      this.limitNanos = limitNanos;
      this.listener = listener;
    }

    void check(long now) {
      long resumesNow = loop.resumes();
      Strand strandNow = loop.currentStrand();
      if (strandNow == null || strandNow != strand || resumesNow != resumes) {
        resumes = resumesNow;
        strand = strandNow;
        since = now;
        reported = false;
      } else if (!reported && now - since >= limitNanos) {
        report(strandNow, now - since);
      }
    }

    private void report(Strand strandNow, long nanos) {
      Thread thread = strandNow.thread();
      String name = strandNow.runningName();
      StackTraceElement[] stack = thread.getStackTrace();
      Thread.State state = thread.getState();
      // Checked after the stack was read: if the strand was resumed meanwhile, the stack is not
      // that of the stall.
      if (loop.resumes() == resumes && loop.currentStrand() == strandNow) {
        reported = true;
        listener.stalled(name, state, stack, nanos);
      }
    }

    @Override
    public void close() {
      WATCHES.remove(this);
    }
  }

  /** Begins to watch {@code loop}. */
  public static Watch watch(EventLoop loop, long limitNanos, Listener listener) {
    Watch watch = new Watch(loop, limitNanos, listener);
    synchronized (Watchdog.class) {
      Thread watching = watcher;
      if (watching == null) {
        watching = Thread.ofPlatform().daemon().name("weft-watchdog").unstarted(Watchdog::run);
        watching.start();
        watcher = watching;
      }
      WATCHES.add(watch);
      LockSupport.unpark(watching); // the interval may be shorter now
    }
    return watch;
  }

  private static void run() {
    CpuAffinity.leaveInherited(); // a pinned reactor may have started the thread
    while (true) {
      LockSupport.parkNanos(Watchdog.class, checkAll());
    }
  }

  /** Checks every loop; returns the time until the next check, in nanoseconds. */
  private static long checkAll() {
    long interval = RETRY_NANOS;
    try {
      interval = Long.MAX_VALUE;
      long now = System.nanoTime();
      for (Watch watch : WATCHES) {
        interval = Math.min(interval, Math.max(watch.limitNanos / CHECKS_PER_LIMIT, 1));
        try {
          watch.check(now);
        } catch (Throwable e) { // from one listener; the other loops are still watched
          UncaughtFailures.report(e);
        }
      }
    } catch (Throwable e) { // no memory to iterate
      UncaughtFailures.report(e);
      interval = Math.min(interval, RETRY_NANOS);
    }
    return interval;
  }
}

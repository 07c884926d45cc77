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
 * Looks at loops from a thread of its own, one for all of them, whether each has gone on since the
 * last look. The loops do nothing for it: it reads the counter and the current strand that they
 * keep anyway, without any order between them, which is why a stall counts only when several looks
 * agree.
 */
public final class Watchdog {
  /**
   * Told of a strand, by its name, that holds up its loop, once each time. Called on the watchdog's
   * thread, with what the strand's thread was doing during the stall: it may have gone on since.
   */
  public interface Listener {
    void stalled(String name, Thread.State state, StackTraceElement[] stack, long nanos);
  }

  /** So often in the time that a strand is allowed. */
  private static final int LOOKS = 4;

  /** When to look again if memory was short. */
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

    void look(long now) {
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
      // Looked at afterwards: a strand that has gone on meanwhile would be blamed for a place that
      // it was not held up in.
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
      Thread looking = watcher;
      if (looking == null) {
        looking = Thread.ofPlatform().daemon().name("weft-watchdog").unstarted(Watchdog::run);
        looking.start();
        watcher = looking;
      }
      WATCHES.add(watch);
      LockSupport.unpark(looking); // it may have to look more often now
    }
    return watch;
  }

  private static void run() {
    CpuAffinity.leaveInherited(); // a pinned reactor may have started the thread
    while (true) {
      LockSupport.parkNanos(Watchdog.class, look());
    }
  }

  /** Looks at every loop; returns for how many nanoseconds to wait then. */
  private static long look() {
    long interval = RETRY_NANOS;
    try {
      interval = Long.MAX_VALUE;
      long now = System.nanoTime();
      for (Watch watch : WATCHES) {
        interval = Math.min(interval, Math.max(watch.limitNanos / LOOKS, 1));
        try {
          watch.look(now);
        } catch (Throwable e) { // of one listener; the other loops are watched on
          UncaughtFailures.report(e);
        }
      }
    } catch (Throwable e) { // no memory to go through them
      UncaughtFailures.report(e);
      interval = Math.min(interval, RETRY_NANOS);
    }
    return interval;
  }
}

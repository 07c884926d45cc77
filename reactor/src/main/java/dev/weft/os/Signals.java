// SPDX-License-Identifier: Apache-2.0
package dev.weft.os;

import dev.weft.Deadline;
import dev.weft.internal.os.SignalDispatch;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import java.util.ArrayDeque;
import java.util.EnumSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;

/**
 * Signals as something that fibers wait for. While it is open the signals do not end the process;
 * several, of one or more reactors, may be open for the same signal, and each gets it. Of those
 * that nobody has awaited yet the first 64 are kept. When the last is closed, the signal does again
 * what it did before.
 */
public final class Signals implements AutoCloseable {
  /** More than this unfetched are merged, as the kernel merges pending ones. */
  private static final int PENDING_MAX = 64;

  private final EventLoop loop;
  private final Set<Signal> signals;
  private final Queue<Signal> pending = new ArrayDeque<>();
  private final WaitList waiters = new WaitList();
  private final SignalDispatch.Listener listener = this::raised;
  private boolean closed;

  private Signals(EventLoop loop, Set<Signal> signals) {
    this.loop = loop;
    this.signals = signals;
  }

  /**
   * Begins to catch signals.
   *
   * @param first one of them
   * @param rest the others
   * @return signals to be awaited by fibers of the current reactor
   * @throws IllegalArgumentException if the JVM keeps one of them to itself (option -Xrs, for one)
   */
  public static Signals open(Signal first, Signal... rest) {
    EventLoop loop = EventLoop.current();
    if (loop == null) {
      throw new WrongThreadException("signals: there is no reactor on " + Thread.currentThread());
    }
    Signals opened = new Signals(loop, EnumSet.of(first, rest));
    boolean complete = false;
    try {
      for (Signal signal : opened.signals) {
        loop.signals().add(signal.name(), opened.listener);
      }
      complete = true;
      return opened;
    } finally {
      if (!complete) {
        opened.close();
      }
    }
  }

  /** Called on a thread of the JVM's. */
  private void raised(String name) {
    try {
      loop.execute(() -> arrived(Signal.valueOf(name)));
    } catch (RejectedExecutionException e) {
      // The reactor has been closed without closing this: nobody can be waiting.
    }
  }

  private void arrived(Signal signal) {
    if (!closed && pending.size() < PENDING_MAX) {
      pending.add(signal);
      waiters.wakeOne();
    }
  }

  /**
   * Waits for the next signal. Suspends.
   *
   * @return which one came
   */
  public Signal await() {
    return await(Deadline.NEVER);
  }

  /**
   * Waits for the next signal, but not for ever. Suspends.
   *
   * @param deadline until when
   * @return which one came
   * @throws dev.weft.error.DeadlineExceededException if none came
   */
  public Signal await(Deadline deadline) {
    Strand strand = Strand.requireOf(loop, "await", this);
    strand.checkBeforeWait("await", this, deadline.nanoTime(), WaitMode.EXTERNAL);
    while (true) {
      if (closed) {
        throw new IllegalStateException("await: " + this + " are closed");
      }
      Signal signal = pending.poll();
      if (signal != null) {
        return signal;
      }
      strand.await(waiters, "await", this, deadline.nanoTime(), WaitMode.EXTERNAL);
    }
  }

  /** Stops catching signals. Fibers that await one get an {@link IllegalStateException}. */
  @Override
  public void close() {
    loop.requireThread("close", this);
    if (closed) {
      return;
    }
    closed = true;
    for (Signal signal : signals) {
      loop.signals().remove(signal.name(), listener);
    }
    waiters.wakeAll();
  }

  @Override
  public String toString() {
    return "signals " + signals;
  }
}

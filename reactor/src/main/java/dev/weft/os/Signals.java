// SPDX-License-Identifier: Apache-2.0
package dev.weft.os;

import dev.weft.Deadline;
import dev.weft.internal.jvm.StackReserve;
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
 * Subscription to signals that fibers wait for. While it is open, its signals do not end the
 * process. Several subscriptions, of one or more reactors, may be open for the same signal, and
 * each receives it. A subscription keeps the first 64 signals that no fiber has awaited yet. When
 * the last subscription to a signal is closed, the signal's previous disposition is restored.
 */
public final class Signals implements AutoCloseable {
  /**
   * Signals beyond this number of pending ones are merged, as the kernel merges pending signals.
   */
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
   * Starts to catch signals.
   *
   * @param first the first signal
   * @param rest more signals
   * @return a subscription for fibers of the current reactor
   * @throws IllegalArgumentException if the JVM reserves one of them (it depends on options such as
   *     -Xrs), or the system does not have it: Windows has {@code INT} and {@code TERM} alone
   */
  public static Signals open(Signal first, Signal... rest) {
    EventLoop loop = EventLoop.require("signals");
    Signals opened = new Signals(loop, EnumSet.of(first, rest));
    StackReserve.check();
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

  /** Called on a thread of the JVM. */
  private void raised(String name) {
    try {
      loop.execute(() -> arrived(Signal.valueOf(name)));
    } catch (RejectedExecutionException e) {
      // The reactor has been closed without closing this, so no fiber can be waiting.
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
   * @return the signal that arrived
   */
  public Signal await() {
    return await(Deadline.NEVER);
  }

  /**
   * Waits for the next signal, until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting
   * @return the signal that arrived
   * @throws dev.weft.error.DeadlineExceededException if none arrived
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
    StackReserve.check();
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

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
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;

/**
 * Subscription to signals that fibers wait for. While it is open, its signals do not end the
 * process. Several subscriptions, of one or more reactors, may be open for the same signal, and
 * each receives it. When the last subscription to a signal is closed, the signal's previous
 * disposition is restored, the JVM's own among them.
 *
 * <p>Ordinary signals are merged, as the kernel merges those that it has not delivered: a
 * subscription keeps the first 64 of each that no fiber has awaited yet. Real-time signals are
 * queued: as many arrive as were sent, and those of different numbers in any order. A subscription
 * keeps 65,536 of each.
 *
 * <p>These can't be caught: KILL and STOP; SEGV, BUS, ILL, FPE and TRAP, which the JVM needs; USR2,
 * or the one that the environment variable _JAVA_SR_SIGNUM names, by which it suspends threads;
 * QUIT, at which it prints a thread dump, unless it is started with -Xrs; and RT28, which the JDK
 * uses. Real-time signals need the native library, and so do all others with -Xrs.
 */
public final class Signals implements AutoCloseable {
  /** Signals beyond this number of pending ones are merged, as the kernel merges them. */
  private static final int PENDING_MAX = 64;

  private static final int QUEUED_MAX = 65_536;

  private final EventLoop loop;
  private final Set<Signal> signals;
  private final Queue<Signal> pending = new ArrayDeque<>();

  /** How many of each are pending. */
  private final Map<Signal, Integer> counts = new EnumMap<>(Signal.class);

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
   * @throws IllegalArgumentException if one of them can't be caught, with the reason, or the system
   *     does not have it: Windows has {@code INT} and {@code TERM} alone
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

  /** Called on a thread of the JVM, or of the library. */
  private void raised(String name) {
    try {
      loop.execute(() -> arrived(Signal.valueOf(name)));
    } catch (RejectedExecutionException e) {
      // The reactor has been closed without closing this, so no fiber can be waiting.
    }
  }

  private void arrived(Signal signal) {
    int max = signal.isRealTime() ? QUEUED_MAX : PENDING_MAX;
    if (!closed && counts.getOrDefault(signal, 0) < max) {
      counts.merge(signal, 1, Integer::sum);
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
        counts.merge(signal, -1, Integer::sum);
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

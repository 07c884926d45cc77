// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.tls;

import dev.weft.Blocking;
import dev.weft.Deadline;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Runs what computes in handshakes: the delegated tasks of the engine, which sign, agree on keys
 * and check certificates, and a client's first step, which makes keys. One takes from 10 µs (a
 * resumed TLS 1.2 session) to over a millisecond (a signature with an RSA key), and some ten times
 * that in a cold JVM, which would hold up all fibers of the reactor. Another thread costs some 20
 * µs. So the times are measured, for each step of a handshake by its number, and a step runs on the
 * reactor's thread only if it has been short lately. All handshakes of a context share the times.
 */
public final class TaskTimes {
  /** From this time on a task runs on another thread. */
  private static final long LONG_NANOS = 100_000;

  /** The number of the first step; the tasks follow. */
  private static final int BEGIN = 0;

  /** Further tasks count as the last of these. */
  private static final int NUMBERS = 8;

  /**
   * Moving averages, 0 for unknown. Threads write them without a lock: one that is lost or late
   * changes only where a task runs.
   */
  private final long[] averageNanos = new long[NUMBERS];

  /** A step of a handshake. */
  private interface Step {
    void run() throws SSLException;
  }

  /**
   * Begins a handshake. Suspends if that is probably long.
   *
   * @param simulated whether time does not count: then all steps run as if they were long
   * @return the number of the first task
   */
  int begin(SSLEngine engine, boolean simulated, Deadline deadline) throws SSLException {
    run(engine::beginHandshake, BEGIN, simulated, deadline);
    return BEGIN + 1;
  }

  /**
   * Runs the tasks that {@code engine} has. Suspends if one is probably long.
   *
   * @param number the number of the first of them in this handshake
   * @param simulated as for {@link #begin}
   * @return the number of the next task
   */
  int runTasks(SSLEngine engine, int number, boolean simulated, Deadline deadline)
      throws SSLException {
    int next = number;
    for (Runnable task; (task = engine.getDelegatedTask()) != null; next++) {
      run(task::run, Math.min(next, NUMBERS - 1), simulated, deadline);
    }
    return next;
  }

  private void run(Step step, int number, boolean simulated, Deadline deadline)
      throws SSLException {
    if (!simulated && !isLong(number)) {
      measure(step, number);
      return;
    }
    try {
      Blocking.call(() -> measure(step, number), deadline);
    } catch (RuntimeException | SSLException e) {
      throw e;
    } catch (Exception e) {
      throw new SSLException("a step of the handshake failed", e); // steps throw no others
    }
  }

  boolean isLong(int number) {
    long nanos = averageNanos[number];
    return nanos == 0 || nanos > LONG_NANOS;
  }

  private @Nullable Object measure(Step step, int number) throws SSLException {
    long start = System.nanoTime();
    step.run();
    record(number, System.nanoTime() - start);
    return null;
  }

  void record(int number, long nanos) {
    long before = averageNanos[number];
    averageNanos[number] = Math.max(1, before == 0 ? nanos : before + (nanos - before) / 8);
  }
}

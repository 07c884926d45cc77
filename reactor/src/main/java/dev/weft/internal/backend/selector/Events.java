// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.internal.backend.WorkerJob;
import dev.weft.internal.queue.TimerQueue;

/** Waits for what completes operations: channels, threads that work on files, and timers. */
final class Events {
  private static final long FOREVER = SelectorBackend.FOREVER;

  /** How many polls in a row may leave out the select because requests completed at once. */
  private static final int SELECTS_LEFT_OUT_MAX = 4;

  private final SelectorBackend backend;
  private int selectsLeftOut;

  Events(SelectorBackend backend) {
    this.backend = backend;
  }

  /** Handles the events that have come, after a wait for one if nothing has completed yet. */
  void await(long timeoutNanos) {
    if (mustSelect(timeoutNanos)) {
      selectsLeftOut = 0;
      select(timeoutNanos);
    }
    takeDone();
  }

  /** Whether there is something to wait for, or events that have been left out long enough. */
  private boolean mustSelect(long timeoutNanos) {
    ReadyChannels ready = backend.ready;
    if (!ready.isEmpty() || ready.isWoken()) {
      return true;
    }
    if (backend.delivered > 0) {
      return ++selectsLeftOut > SELECTS_LEFT_OUT_MAX;
    }
    return timeoutNanos > 0 || backend.waiting > 0;
  }

  private void select(long timeoutNanos) {
    ReadyChannels ready = backend.ready;
    long deadline = timeoutNanos == FOREVER ? FOREVER : System.nanoTime() + timeoutNanos;
    boolean woken;
    do {
      long left = timeoutNanos == FOREVER ? FOREVER : deadline - System.nanoTime();
      ready.select(timeoutNanos > 0 && isQuiet() ? timeToWait(left) : 0);
      woken = ready.takeWakeup();
      ready.handle(backend);
      takeDone();
      expireTimers();
    } while (backend.delivered == 0 && !woken && timeoutNanos > 0 && System.nanoTime() < deadline);
  }

  /** Whether nothing has come: another select of this poll can have consumed what ended one. */
  private boolean isQuiet() {
    ReadyChannels ready = backend.ready;
    return backend.delivered == 0
        && ready.isEmpty()
        && !ready.isWoken()
        && !backend.workers.hasDone();
  }

  private long timeToWait(long left) {
    long timer = backend.timers.nextDeadline();
    return timer == TimerQueue.NEVER
        ? Math.max(left, 0)
        : Math.max(0, Math.min(left, timer - System.nanoTime()));
  }

  private void takeDone() {
    if (!backend.workers.hasDone()) {
      return;
    }
    for (WorkerJob job = backend.workers.takeDone(); job != null; ) {
      WorkerJob next = job.takeNext(); // the listener can use the job again
      ((Job) job).completed(backend);
      job = next;
    }
  }

  private void expireTimers() {
    if (backend.timers.nextDeadline() != TimerQueue.NEVER) {
      backend.timers.expire(System.nanoTime());
      backend.ready.handle(backend);
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.error.DeadlockException;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Op;

/**
 * Gets the events of a loop: for recordings, and for checks in simulations. {@link
 * EventLoop#observe} sets it. Without one, each event costs the comparison of a field with null.
 *
 * <p>The methods are called on the reactor's thread unless they say otherwise. They must neither
 * suspend nor throw.
 */
public interface LoopListener extends Backend.Observer {
  /** Called when a strand has been added to the run queue for the first time. */
  default void started(Strand strand) {}

  /** Called before a strand runs. */
  default void resumed(Strand strand) {}

  /** Called when a strand that {@link #resumed} was called for has suspended itself. */
  default void suspended(Strand strand) {}

  /** Called when a strand has ended, after its body's {@code ended}. */
  default void ended(Strand strand) {}

  /** Called when an operation has been submitted. */
  @Override
  default void submitted(Op op) {}

  /** Called with each result of an operation, before it is delivered to the waiting strand. */
  @Override
  default void completed(Op op) {}

  /** Called at the end of a turn. */
  default void turned(EventLoop loop) {}

  /** Called when another thread sends {@code what} to the loop. Called on that thread. */
  default void messageFrom(Thread thread, Object what) {}

  /**
   * Called when a strand has run for too long without suspending itself. Called on the watchdog's
   * thread; the strand may have been resumed since.
   *
   * @param name the strand's name
   * @param stack of its thread
   * @param nanos how long it has run
   */
  default void stalled(String name, StackTraceElement[] stack, long nanos) {}

  /** Called when all strands wait for each other, before they are cancelled. */
  default void deadlocked(DeadlockException report) {}
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.cross;

import dev.weft.internal.queue.InboundQueue;
import dev.weft.internal.strand.EventLoop;

/** A message to an event loop: code that another thread wants to run on the loop's thread. */
public abstract class LoopMessage extends InboundQueue.Node {
  private final EventLoop loop;

  /** Makes a message to {@code loop}. */
  protected LoopMessage(EventLoop loop) {
    this.loop = loop;
  }

  /**
   * Sends the message, and wakes the reactor if it sleeps. May be called from any thread. Does
   * nothing if the message is already on its way.
   *
   * @return false if the reactor is closed
   */
  public final boolean post() {
    return loop.arriveLater(this);
  }

  /** Whether it can't arrive any more, because the reactor is closed. Callable from any thread. */
  public final boolean isUndeliverable() {
    return loop.isClosed();
  }

  /** Called on the reactor's thread, outside any strand. */
  @Override
  protected abstract void arrive();
}

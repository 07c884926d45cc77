// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.cross;

import dev.weft.internal.queue.InboundQueue;
import dev.weft.internal.strand.EventLoop;

/** Something that happens on a reactor's thread because another thread has asked for it. */
public abstract class LoopMessage extends InboundQueue.Node {
  private final EventLoop loop;

  /** Makes one that arrives on the thread of {@code loop}. */
  protected LoopMessage(EventLoop loop) {
    this.loop = loop;
  }

  /**
   * Asks for it, and wakes the reactor if it sleeps. Any thread. Asking again before it has
   * happened changes nothing.
   *
   * @return false if the reactor is closed
   */
  public final boolean post() {
    return loop.arriveLater(this);
  }

  /** Whether it can't happen any more, because the reactor is closed. Any thread. */
  public final boolean isInVain() {
    return loop.isClosed();
  }

  /** Called on the reactor's thread, outside any strand. */
  @Override
  protected abstract void arrive();
}

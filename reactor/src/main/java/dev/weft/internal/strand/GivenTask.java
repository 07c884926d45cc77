// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.internal.queue.InboundQueue;
import java.util.function.Consumer;

/** An action that was given to {@link EventLoop#execute}. */
final class GivenTask extends InboundQueue.Node {
  private final Runnable action;
  private final Consumer<Throwable> onFailure;

  GivenTask(Runnable action, Consumer<Throwable> onFailure) {
    this.action = action;
    this.onFailure = onFailure;
  }

  @Override
  protected void arrive() {
    try {
      action.run();
    } catch (Throwable e) {
      onFailure.accept(e); // what it throws is reported by the queue
    }
  }
}

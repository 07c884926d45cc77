// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.io;

import dev.weft.internal.queue.TimerQueue;
import org.jspecify.annotations.Nullable;

/**
 * Deadline for the bytes that an ended writer has left in its outputs. The outputs are an intrusive
 * list, so that adding one allocates nothing.
 */
public abstract class DrainDeadline extends TimerQueue.Timer {
  private @Nullable ByteRing first;

  protected DrainDeadline() {}

  public final boolean hasOutputs() {
    return first != null;
  }

  public final void add(ByteRing output) {
    ByteRing next = first;
    if (next != null) {
      next.previousDue = output;
    }
    output.nextDue = next;
    output.drainDeadline = this;
    first = output;
  }

  /** Removes an output in which no bytes are left; {@link #emptied} follows the last one. */
  final void remove(ByteRing output) {
    ByteRing next = output.nextDue;
    ByteRing previous = output.previousDue;
    if (next != null) {
      next.previousDue = previous;
    }
    if (previous != null) {
      previous.nextDue = next;
    } else {
      first = next;
    }
    output.drainDeadline = null;
    output.nextDue = null;
    output.previousDue = null;
    if (first == null) {
      emptied();
    }
  }

  /** After the deadline: drops what the descriptors of the outputs do not accept immediately. */
  protected final void expireOutputs() {
    for (ByteRing output = first; output != null; output = output.nextDue) {
      output.rings.drainOnceThenDrop(output);
    }
  }

  /** The last output has been removed. */
  protected abstract void emptied();
}

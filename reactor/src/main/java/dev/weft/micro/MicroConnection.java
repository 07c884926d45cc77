// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.internal.backend.Backend;

/**
 * Accepted connection that no thread owns yet. Pass it once to {@link MicroThread#accepted} or
 * {@link MicroProcess#start(MicroThread, MicroOptions, MicroConnection)}; its new owner closes it.
 */
public final class MicroConnection {
  private static final int TAKEN = -1;

  private int descriptor;

  MicroConnection(int descriptor) {
    this.descriptor = descriptor;
  }

  /** Returns the descriptor, which the caller then owns. */
  int take() {
    requireFree();
    int taken = descriptor;
    descriptor = TAKEN;
    return taken;
  }

  /** Closes the connection unless it has been taken. */
  void discard(Backend backend) {
    if (descriptor != TAKEN) {
      backend.closeDescriptor(take());
    }
  }

  /** Throws if the connection has been taken. */
  void requireFree() {
    if (descriptor == TAKEN) {
      throw new IllegalStateException("the connection has been given to a thread already");
    }
  }

  @Override
  public String toString() {
    return descriptor == TAKEN ? "connection, taken" : "connection " + descriptor;
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.internal.backend.Backend;

/**
 * A connection that was accepted and has found no thread yet: pass it to {@link
 * MicroThread#accepted}, once, which then closes it.
 */
public final class MicroConnection {
  private static final int TAKEN = -1;

  private int descriptor;

  MicroConnection(int descriptor) {
    this.descriptor = descriptor;
  }

  /** The descriptor, which is then the caller's. */
  int take() {
    requireFree();
    int taken = descriptor;
    descriptor = TAKEN;
    return taken;
  }

  /** Closes a connection that nobody has taken. */
  void discard(Backend backend) {
    if (descriptor != TAKEN) {
      backend.closeDescriptor(take());
    }
  }

  /** Refuses a connection that has been taken. */
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

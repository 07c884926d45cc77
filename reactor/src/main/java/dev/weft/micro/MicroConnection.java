// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.internal.backend.Handle;
import dev.weft.internal.io.SocketCalls;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.strand.EventLoop;
import java.io.IOException;
import java.net.InetSocketAddress;

/**
 * Accepted connection that no thread owns yet. Pass it once to {@link MicroThread#accepted} or
 * {@link MicroProcess#start(MicroThread, MicroOptions, MicroConnection)}, whose thread or process
 * then closes it, or close it.
 */
public final class MicroConnection implements AutoCloseable {
  private static final int TAKEN = -1;

  private final EventLoop loop;
  private int descriptor;

  MicroConnection(EventLoop loop, int descriptor) {
    this.loop = loop;
    this.descriptor = descriptor;
  }

  /**
   * Asks the system for the address of the peer. Does not suspend.
   *
   * @return its address and port
   * @throws IOException ENOTCONN if the peer has reset the connection meanwhile
   * @throws IllegalStateException if the connection has been given to a thread; its socket knows
   *     the address, see {@link MicroSocket#remoteAddress}
   */
  public InetSocketAddress remoteAddress() throws IOException {
    requireFree();
    return SocketCalls.remoteAddress(loop, Handle.borrowed(descriptor, "accepted connection"));
  }

  /** Returns the descriptor, which the caller then owns. */
  int take() {
    requireFree();
    int taken = descriptor;
    descriptor = TAKEN;
    return taken;
  }

  /** Closes the connection, unless it has been given to a thread or closed. Does not suspend. */
  @Override
  public void close() {
    if (descriptor != TAKEN) {
      loop.requireThread("close", this);
      StackReserve.check(); // what is taken must be closed
      loop.backend().closeDescriptor(take());
    }
  }

  /** Throws if the connection has been taken. */
  void requireFree() {
    if (descriptor == TAKEN) {
      throw new IllegalStateException("the connection has been given to a thread, or closed");
    }
  }

  @Override
  public String toString() {
    return descriptor == TAKEN ? "connection, taken" : "connection " + descriptor;
  }
}

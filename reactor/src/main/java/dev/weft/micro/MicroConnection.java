// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.io.SocketCalls;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.micro.io.PairEnd;
import dev.weft.internal.strand.EventLoop;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Connection that no thread owns yet: an accepted one, or an end of a {@link MicroThread#pair}.
 * Pass it once to {@link MicroThread#accepted}, {@link MicroThread#adopt(MicroConnection)} or
 * {@link MicroProcess#start(MicroThread, MicroOptions, MicroConnection)}, whose thread or process
 * then closes it, or close it.
 */
public final class MicroConnection implements AutoCloseable {
  private static final int TAKEN = -1;

  /** The reactor that it belongs to; null in the local executor. */
  private final @Nullable EventLoop loop;

  /** If it is an end of a pair. */
  private final @Nullable PairEnd end;

  private int descriptor;

  /** An accepted connection. */
  MicroConnection(EventLoop loop, int descriptor) {
    this.loop = loop;
    this.descriptor = descriptor;
    end = null;
  }

  /** An end of a pair. */
  MicroConnection(@Nullable EventLoop loop, PairEnd end) {
    this.loop = loop;
    this.end = end;
    descriptor = TAKEN;
  }

  /** The end of a pair that this is; null if it is an accepted connection. */
  @Nullable PairEnd end() {
    return end;
  }

  private boolean isFree() {
    PairEnd mine = end;
    return mine == null ? descriptor != TAKEN : mine.isFree();
  }

  /**
   * Asks the system for the address of the peer. Does not suspend.
   *
   * @return its address and port
   * @throws IOException ENOTCONN if the peer has reset the connection meanwhile, ENOTSOCK if this
   *     is an end of a pair
   * @throws IllegalStateException if the connection has been given to a thread; its socket knows
   *     the address, see {@link MicroSocket#remoteAddress}
   */
  public InetSocketAddress remoteAddress() throws IOException {
    requireFree();
    if (end != null || loop == null) {
      throw new ErrnoException("getpeername", null, Errno.ENOTSOCK.code());
    }
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
    if (!isFree()) {
      return;
    }
    if (loop != null) {
      loop.requireThread("close", this);
    }
    StackReserve.check(); // what is taken must be closed
    if (end != null) {
      end.close();
    } else if (loop != null) {
      loop.backend().closeDescriptor(take());
    }
  }

  /** Throws if the connection has been taken. */
  void requireFree() {
    if (!isFree()) {
      throw new IllegalStateException("the connection has been given to a thread, or closed");
    }
  }

  @Override
  public String toString() {
    if (!isFree()) {
      return "connection, taken";
    }
    return end == null ? "connection " + descriptor : "end of a pair";
  }
}

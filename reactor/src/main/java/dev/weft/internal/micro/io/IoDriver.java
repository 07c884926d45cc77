// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.io;

import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.io.SocketSetup;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/** I/O driver of byte rings: moves bytes between rings and descriptors, and closes descriptors. */
public abstract class IoDriver {
  IoDriver() {}

  /** Starts to read into a ring that has room; completes with {@link ByteRing#filled}. */
  abstract void fill(ByteRing ring);

  /** Starts to write a ring's bytes; completes with {@link ByteRing#drained}. */
  abstract void drain(ByteRing ring);

  /** Creates a socket that can be connected to {@code address}, and stores it in {@code handle}. */
  public abstract void socket(Handle handle, InetSocketAddress address, SocketSetup setup)
      throws ErrnoException, UnknownHostException;

  /** Creates a handle for a descriptor that the rings will own and that does not exist yet. */
  public abstract Handle newHandle(String description);

  /** Stores a descriptor in a new handle. */
  public abstract void open(Handle handle, int descriptor);

  /**
   * Creates a handle for a descriptor that the process has from elsewhere, which stays open.
   *
   * @param direction whether the rings read from it or write to it
   * @throws IllegalArgumentException if this driver can't use it
   */
  public abstract Handle adopt(int descriptor, Direction direction);

  /** Starts to connect the socket of an output ring; completes with {@link ByteRing#connected}. */
  abstract void connect(ByteRing ring, InetSocketAddress address);

  /** Cancels the ring's operation in flight, which still completes as usual. */
  abstract void cancel(ByteRing ring);

  /** Closes a descriptor, as soon as nothing is in flight on it. */
  public abstract void close(Handle handle);

  /** Closes a descriptor that has no handle yet. */
  abstract void close(int descriptor);

  /** Shuts down a socket; returns 0 or -errno. */
  abstract int shutdown(Handle handle, Direction direction);

  /** The address of a socket's peer. */
  abstract InetSocketAddress remoteAddress(Handle handle) throws IOException;

  /** Releases the driver's state of a ring that has no operation in flight. */
  abstract void release(ByteRing ring);
}

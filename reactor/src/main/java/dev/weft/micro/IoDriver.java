// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.bindings.weft_h;
import dev.weft.internal.backend.Handle;
import java.net.InetSocketAddress;

/** Moves bytes between the rings of processes and their descriptors, and closes these. */
abstract class IoDriver {
  static final int OUTPUT = weft_h.SHUT_WR();

  IoDriver() {}

  /** Begins to read into a ring that has room; ends in {@link ByteRing#filled}. */
  abstract void fill(ByteRing ring);

  /** Begins to write what is in a ring; ends in {@link ByteRing#drained}. */
  abstract void drain(ByteRing ring);

  /**
   * Makes a socket that can be connected to {@code address}, and gives it to {@code handle};
   * returns at least 0, or -errno.
   */
  abstract int socket(Handle handle, InetSocketAddress address, MicroOptions options);

  /** A handle for a descriptor of the process's own, which there is not yet. */
  abstract Handle newHandle(String description);

  /** Gives a new handle its descriptor. */
  abstract void open(Handle handle, int descriptor);

  /** Begins to connect the socket behind an output's ring; ends in {@link ByteRing#connected}. */
  abstract void connect(ByteRing ring, InetSocketAddress address);

  /** Ends what is in flight on the ring, which then tells what came of it, as it would have. */
  abstract void cancel(ByteRing ring);

  /** Closes a descriptor, as soon as nothing is in flight on it. */
  abstract void close(Handle handle);

  /** Closes a descriptor that has no handle yet. */
  abstract void close(int descriptor);

  /** Shuts a socket down; returns 0 or -errno. */
  abstract int shutdown(Handle handle, int how);

  /** A thread of the process can run, although no ring has told. */
  abstract void awake(MicroProcess process);

  /** Gives back what the driver keeps for a ring that has nothing in flight. */
  abstract void release(ByteRing ring);
}

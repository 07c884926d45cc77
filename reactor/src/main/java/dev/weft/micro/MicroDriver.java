// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.bindings.weft_h;
import java.net.InetSocketAddress;

/** Moves bytes between the rings of processes and their descriptors, and closes these. */
abstract class MicroDriver {
  static final int OUTPUT = weft_h.SHUT_WR();

  MicroDriver() {}

  /** Begins to read into a ring that has room; ends in {@link MicroRing#filled}. */
  abstract void fill(MicroRing ring);

  /** Begins to write what is in a ring; ends in {@link MicroRing#drained}. */
  abstract void drain(MicroRing ring);

  /** Makes a socket that can be connected to {@code address}; returns it or -errno. */
  abstract int socket(InetSocketAddress address, MicroOptions options);

  /** Begins to connect the socket behind an output's ring; ends in {@link MicroRing#connected}. */
  abstract void connect(MicroRing ring, InetSocketAddress address);

  /** Ends what is in flight on the ring, which then tells what came of it, as it would have. */
  abstract void cancel(MicroRing ring);

  /** Closes a descriptor that nothing is in flight on. */
  abstract void close(int descriptor);

  /** Shuts a socket down; returns 0 or -errno. */
  abstract int shutdown(int descriptor, int how);

  /** A thread of the process can run, although no ring has told. */
  abstract void awake(MicroProcess process);

  /** Gives back what the driver keeps for a ring that has nothing in flight. */
  abstract void release(MicroRing ring);
}

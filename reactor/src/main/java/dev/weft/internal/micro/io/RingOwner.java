// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.io;

/** The process that the rings of a {@link RingSet} belong to. Called on the reactor's thread. */
public interface RingOwner {
  /** Wakes the threads that wait for bytes; {@link ByteRing#firstReader} is the first of them. */
  void wakeReaders(ByteRing ring);

  /** Wakes the threads that wait for room; {@link ByteRing#firstWriter} is the first of them. */
  void wakeWriters(ByteRing ring);

  /** A transfer has completed, and the process has to be dispatched. */
  void ready();

  /** The completion of a transfer has failed in the runtime's own code. Allocates nothing. */
  void failed(Throwable failure);
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.queue;

/** The clock of a reactor: the system's monotonic clock, or a virtual one in tests. */
public interface Clock {
  Clock SYSTEM = System::nanoTime;

  /** Nanoseconds since some fixed point. */
  long nanoTime();
}

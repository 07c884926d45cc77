// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.os;

import dev.weft.error.Errno;
import dev.weft.internal.uring.Ring;
import java.lang.foreign.Arena;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Ties reactors to CPUs, a different one each as long as there are enough. */
public final class Cpus {
  private static final int ANY = -1;
  private static final AtomicInteger NEXT = new AtomicInteger();

  private Cpus() {}

  /**
   * A thread tied to a CPU, and where it was before.
   *
   * @param cpu the CPU's number
   * @param before the CPUs that the thread could run on
   */
  public record Pin(int cpu, BitSet before) {
    /** Lets the calling thread run where it could before. */
    public void undo() {
      Libc.setAffinity(before);
    }
  }

  /**
   * Ties the calling thread to {@code wanted}, or if that is -1 to one of its CPUs; the kernel's
   * workers for {@code ring} keep all of them. Does nothing for other negative numbers.
   *
   * @throws IllegalArgumentException if the thread may not run there
   */
  public static @Nullable Pin pin(int wanted, Ring ring) {
    if (wanted < ANY) {
      return null;
    }
    BitSet allowed = Libc.affinity();
    if (wanted >= 0 && !allowed.get(wanted)) {
      throw new IllegalArgumentException(
          "cpu " + wanted + " is not among those that this thread may run on: " + allowed);
    }
    if (allowed.isEmpty()) {
      return null;
    }
    int cpu = wanted >= 0 ? wanted : next(allowed);
    int result = Libc.pinThread(cpu);
    if (result < 0) {
      throw new IllegalStateException("sched_setaffinity to cpu " + cpu + ": " + Errno.of(-result));
    }
    try (Arena arena = Arena.ofConfined()) {
      ring.setWorkerAffinity(Libc.affinityMask(allowed, arena));
    }
    return new Pin(cpu, allowed);
  }

  private static int next(BitSet allowed) {
    int rank = Math.floorMod(NEXT.getAndIncrement(), allowed.cardinality());
    int cpu = allowed.nextSetBit(0);
    while (rank-- > 0) {
      cpu = allowed.nextSetBit(cpu + 1);
    }
    return cpu;
  }
}

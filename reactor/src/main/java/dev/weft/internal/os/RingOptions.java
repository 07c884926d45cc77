// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.os;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * How a ring is set up.
 *
 * @param entries slots of the submission queue, a power of two
 * @param boundedWorkers the limit of kernel workers for regular files; 0 leaves the kernel's
 * @param unboundedWorkers that for everything else
 * @param pollingIdleMillis how long the kernel's thread that submits looks for entries before it
 *     sleeps; 0 means that there is no such thread
 * @param pollingCpu the CPU of that thread, if it has one
 * @param networkPollingMicros how long network devices are polled before a sleep; 0 for not at all
 */
public record RingOptions(
    int entries,
    int boundedWorkers,
    int unboundedWorkers,
    int pollingIdleMillis,
    OptionalInt pollingCpu,
    int networkPollingMicros) {

  /** Those of a ring of which nothing else is asked. */
  public static RingOptions of(int entries) {
    return new RingOptions(entries, 0, 0, 0, OptionalInt.empty(), 0);
  }

  /** Whether the kernel's thread submits. */
  public boolean pollsSubmissions() {
    return pollingIdleMillis > 0;
  }

  public boolean limitsWorkers() {
    return boundedWorkers > 0 || unboundedWorkers > 0;
  }

  /** What only a ring can do: the names of the options, empty if there are none. */
  public String onlyOfRings() {
    List<String> names = new ArrayList<>();
    if (limitsWorkers()) {
      names.add("limits of kernel workers");
    }
    if (pollsSubmissions()) {
      names.add("submission polling");
    }
    if (networkPollingMicros > 0) {
      names.add("network polling");
    }
    return String.join(", ", names);
  }
}

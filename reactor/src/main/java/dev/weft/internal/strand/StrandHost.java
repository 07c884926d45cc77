// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import org.jspecify.annotations.Nullable;

/** What a strand runs that runs others in turn, each of which can wait by itself. */
public interface StrandHost {
  /** The strand of the one whose code is running now; null if it is the host's own. */
  @Nullable HostedStrand guest();

  /** What that one is called; null if it is the host's own code. Any thread, to look at. */
  @Nullable String runningName();
}

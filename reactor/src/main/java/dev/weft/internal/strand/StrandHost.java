// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import org.jspecify.annotations.Nullable;

/** A scheduler of hosted strands inside a strand. */
public interface StrandHost {
  /** The hosted strand whose code is running now; null if the host's own code is. */
  @Nullable HostedStrand hostedStrand();

  /** The name of that strand, or null. May be called from any thread; it can be stale. */
  @Nullable String runningName();
}

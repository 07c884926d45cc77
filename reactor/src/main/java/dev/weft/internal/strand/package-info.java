// SPDX-License-Identifier: Apache-2.0
/**
 * Strands (the scheduler's side of fibers) and the event loop that runs them. {@link
 * dev.weft.internal.strand.EventLoop} drives everything; {@link dev.weft.internal.strand.Strand}
 * with its superclasses is what it runs, and its subclasses are the kinds of strands. All types
 * belong to the reactor's thread, except where a method says otherwise.
 */
@NullMarked
package dev.weft.internal.strand;

import org.jspecify.annotations.NullMarked;

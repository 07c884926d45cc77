// SPDX-License-Identifier: Apache-2.0
/**
 * Data structures of the event loop that know neither strands nor operations: timers, the queue of
 * messages from other threads, and a ring buffer of ints.
 */
@NullMarked
package dev.weft.internal.queue;

import org.jspecify.annotations.NullMarked;

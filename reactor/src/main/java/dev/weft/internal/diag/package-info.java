// SPDX-License-Identifier: Apache-2.0
/**
 * Diagnostics of an event loop: the watchdog, which reports a stalled loop, and the check of the
 * loop's invariants that the simulator makes after each turn.
 */
@NullMarked
package dev.weft.internal.diag;

import org.jspecify.annotations.NullMarked;

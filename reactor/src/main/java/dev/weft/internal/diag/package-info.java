// SPDX-License-Identifier: Apache-2.0
/**
 * What watches an event loop: the watchdog, which reports a loop that does not turn, and the check
 * of its invariants that the simulator makes after each turn.
 */
@NullMarked
package dev.weft.internal.diag;

import org.jspecify.annotations.NullMarked;

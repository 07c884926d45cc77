// SPDX-License-Identifier: Apache-2.0
/**
 * One run of a program on the simulated kernel: its backend, the rules that it checks, and the log
 * of its events.
 */
@NullMarked
package dev.weft.sim.run;

import org.jspecify.annotations.NullMarked;

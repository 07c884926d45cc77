// SPDX-License-Identifier: Apache-2.0
/**
 * The simulated kernel: its files, pipes, sockets and network, and what operations and system calls
 * do with them. {@link dev.weft.sim.Faults} says what fails.
 */
@NullMarked
package dev.weft.sim.kernel;

import org.jspecify.annotations.NullMarked;

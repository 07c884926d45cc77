// SPDX-License-Identifier: Apache-2.0
/**
 * A test kit: runs programs of fibers on a simulated machine, in which everything that chance
 * decides elsewhere comes from a seed.
 *
 * @see dev.weft.sim.Simulation
 */
@NullMarked
package dev.weft.sim;

import org.jspecify.annotations.NullMarked;

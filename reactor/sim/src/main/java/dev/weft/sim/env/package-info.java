// SPDX-License-Identifier: Apache-2.0
/**
 * What is random elsewhere: the time and the choices of a simulated run, which come from its seed.
 * They know nothing of the machine.
 */
@NullMarked
package dev.weft.sim.env;

import org.jspecify.annotations.NullMarked;

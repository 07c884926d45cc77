// SPDX-License-Identifier: Apache-2.0
/**
 * System calls that are made directly, outside the ring.
 *
 * <p>Also what belongs to the whole process: signals and the CPUs that threads run on.
 */
@NullMarked
package dev.weft.internal.os;

import org.jspecify.annotations.NullMarked;

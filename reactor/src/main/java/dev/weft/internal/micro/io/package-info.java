// SPDX-License-Identifier: Apache-2.0
/**
 * Input and output of micro-processes: byte rings, and the drivers that move bytes between rings
 * and descriptors.
 *
 * <p>Nothing here knows threads or processes: a {@link dev.weft.internal.micro.io.RingOwner} wakes
 * them.
 */
@NullMarked
package dev.weft.internal.micro.io;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/**
 * The soak that {@code scripts/soak} starts.
 *
 * <p>It puts a service under load for hours, with peers that stall, disconnect and send garbage,
 * and checks every byte.
 */
@NullMarked
package dev.weft.examples.micro.soak;

import org.jspecify.annotations.NullMarked;

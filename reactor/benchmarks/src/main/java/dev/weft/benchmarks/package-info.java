// SPDX-License-Identifier: Apache-2.0
/**
 * JMH benchmarks of the scheduler.
 *
 * <p>They measure the cost of switching, yielding and starting, and compare it with the JDK's
 * equivalents. {@code scripts/bench} runs them.
 */
@NullMarked
package dev.weft.benchmarks;

import org.jspecify.annotations.NullMarked;

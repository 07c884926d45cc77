// SPDX-License-Identifier: Apache-2.0
/**
 * JMH benchmarks of the scheduler.
 *
 * <p>They measure what it costs to switch, yield and start, beside what the JDK offers for the
 * same. {@code scripts/bench} runs them.
 */
@NullMarked
package dev.weft.benchmarks;

import org.jspecify.annotations.NullMarked;

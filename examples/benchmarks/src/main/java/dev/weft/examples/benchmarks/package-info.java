// SPDX-License-Identifier: Apache-2.0
/** What switching, yielding and starting cost, beside what the JDK offers for the same. */
@NullMarked
package dev.weft.examples.benchmarks;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/** Strands, and the loop that runs them. */
@NullMarked
package dev.weft.internal.strand;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/**
 * What streams of messages over a byte stream have in common: reading ahead, gathered output, and
 * the states of the two directions.
 */
@NullMarked
package dev.weft.internal.framing;

import org.jspecify.annotations.NullMarked;

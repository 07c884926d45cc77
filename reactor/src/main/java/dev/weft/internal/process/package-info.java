// SPDX-License-Identifier: Apache-2.0
/**
 * The state of child processes and of their standard streams.
 *
 * <p>Knows a process by a descriptor, and its end by a poll of that.
 */
@NullMarked
package dev.weft.internal.process;

import org.jspecify.annotations.NullMarked;

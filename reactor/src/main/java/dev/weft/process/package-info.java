// SPDX-License-Identifier: Apache-2.0
/**
 * Child processes.
 *
 * <p>A {@link dev.weft.process.Command} says what is to be started, a {@link
 * dev.weft.process.ChildProcess} is what has been started. They need a reactor on io_uring, and the
 * GNU C library 2.34 or later. The rules of {@link dev.weft} apply.
 */
@NullMarked
package dev.weft.process;

import org.jspecify.annotations.NullMarked;

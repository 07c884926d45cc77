// SPDX-License-Identifier: Apache-2.0
/**
 * Exceptions of the library.
 *
 * <p>{@link dev.weft.error.ErrnoException} reports an error of the system by its name; the others
 * end a call early because of a deadline, a cancellation, a closed channel or a failed task.
 */
@NullMarked
package dev.weft.error;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/**
 * Standard streams and signals of the process.
 *
 * <p>Both can be waited for in a fiber. The rules of {@link dev.weft} apply.
 */
@NullMarked
package dev.weft.os;

import org.jspecify.annotations.NullMarked;

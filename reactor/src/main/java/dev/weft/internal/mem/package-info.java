// SPDX-License-Identifier: Apache-2.0
/**
 * Native memory.
 *
 * <p>Pages from the kernel, cells of a fixed size cut from them, and leases that keep a segment
 * from being freed while the kernel uses it.
 */
@NullMarked
package dev.weft.internal.mem;

import org.jspecify.annotations.NullMarked;

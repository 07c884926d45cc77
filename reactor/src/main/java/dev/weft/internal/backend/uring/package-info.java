// SPDX-License-Identifier: Apache-2.0
/**
 * The backend on io_uring.
 *
 * <p>Only this package and those below it ({@code internal.uring}, {@code internal.os}) call the
 * kernel.
 */
@NullMarked
package dev.weft.internal.backend.uring;

import org.jspecify.annotations.NullMarked;

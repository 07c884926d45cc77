// SPDX-License-Identifier: Apache-2.0
/** The mapped ring. */
@NullMarked
package dev.weft.internal.uring;

import org.jspecify.annotations.NullMarked;

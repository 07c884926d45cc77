// SPDX-License-Identifier: Apache-2.0
/** System calls outside the ring. */
@NullMarked
package dev.weft.internal.os;

import org.jspecify.annotations.NullMarked;

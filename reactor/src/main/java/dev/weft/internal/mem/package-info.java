// SPDX-License-Identifier: Apache-2.0
/** Native memory. */
@NullMarked
package dev.weft.internal.mem;

import org.jspecify.annotations.NullMarked;

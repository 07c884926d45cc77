// SPDX-License-Identifier: Apache-2.0
/** File names as the bytes that the kernel knows. */
@NullMarked
package dev.weft.internal.fs;

import org.jspecify.annotations.NullMarked;

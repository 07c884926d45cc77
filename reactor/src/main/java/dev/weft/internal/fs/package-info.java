// SPDX-License-Identifier: Apache-2.0
/** Conversion of file names to the bytes that the kernel expects. */
@NullMarked
package dev.weft.internal.fs;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/**
 * File names as bytes.
 *
 * <p>The kernel knows a name as bytes up to a zero; this converts from and to {@link
 * java.nio.file.Path}.
 */
@NullMarked
package dev.weft.internal.fs;

import org.jspecify.annotations.NullMarked;

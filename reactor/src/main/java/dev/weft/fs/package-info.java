// SPDX-License-Identifier: Apache-2.0
/**
 * Reading and writing files.
 *
 * <p>A {@link dev.weft.fs.File} is read and written without blocking the reactor. The rules of
 * {@link dev.weft} apply.
 */
@NullMarked
package dev.weft.fs;

import org.jspecify.annotations.NullMarked;

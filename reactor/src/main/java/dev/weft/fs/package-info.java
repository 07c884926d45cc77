// SPDX-License-Identifier: Apache-2.0
/**
 * Files, and their names.
 *
 * <p>A {@link dev.weft.fs.File} is read and written without blocking the reactor. The rules of
 * {@link dev.weft} apply. {@link dev.weft.fs.FileSystem} and {@link dev.weft.fs.Directory} are
 * about names, {@link dev.weft.fs.TemporaryFile} and {@link dev.weft.fs.TemporaryDirectory} about
 * unpredictable names.
 */
@NullMarked
package dev.weft.fs;

import org.jspecify.annotations.NullMarked;

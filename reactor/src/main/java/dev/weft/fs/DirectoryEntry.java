// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import java.nio.file.Path;

/**
 * Name in a directory, as {@link DirectoryListing#next()} returns it.
 *
 * @param name the name alone, with the bytes that it has in the directory, text or not
 * @param kind the type of the file, of a symbolic link itself; {@link FileStat.Kind#OTHER} if the
 *     file system does not keep it in the directory
 * @param inode the inode number that the directory gives
 */
public record DirectoryEntry(Path name, FileStat.Kind kind, long inode) {}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import dev.weft.error.ErrnoException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * File or directory that a {@link FileWalk} has come to.
 *
 * @param path the root of the walk, and the names from there on
 * @param depth how many directories below the root; 0 for the root itself
 * @param kind the type of the file; of what a symbolic link leads to if the walk follows links and
 *     it leads to something
 * @param failure why the directory could not be entered or not be read to its end, or the type of
 *     the file not be found; null if nothing went wrong. ELOOP if the directory is one that the
 *     walk is in
 */
public record WalkEntry(
    Path path, int depth, FileStat.Kind kind, @Nullable ErrnoException failure) {
  /** The same entry, of which something could not be done. */
  WalkEntry failed(ErrnoException reason) {
    return new WalkEntry(path, depth, kind, reason);
  }
}

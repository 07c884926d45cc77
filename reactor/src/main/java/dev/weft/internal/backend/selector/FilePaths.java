// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

/** What a name says that a path does not keep. */
final class FilePaths {
  private FilePaths() {}

  /** Whether only a directory can have that name: a path has no slash at its end. */
  static boolean demandsDirectory(byte[] name) {
    return name.length > 1 && name[name.length - 1] == '/';
  }
}

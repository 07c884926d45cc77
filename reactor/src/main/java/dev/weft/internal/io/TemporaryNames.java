// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.strand.Strand;
import java.nio.file.Path;

/** The names of temporary files and directories: 64 random bits between a prefix and a suffix. */
public final class TemporaryNames {
  /** As many names are never taken by chance: they are in a file system that answers so. */
  private static final int ATTEMPTS_MAX = 100;

  private final Path directory;
  private final String prefix;
  private final String suffix;
  private int attempts;

  /** Checks that prefix and suffix are parts of one name. */
  public TemporaryNames(Path directory, String prefix, String suffix) {
    if (prefix.indexOf('/') >= 0 || suffix.indexOf('/') >= 0) {
      throw new IllegalArgumentException("not a part of one name: " + prefix + " or " + suffix);
    }
    this.directory = directory;
    this.prefix = prefix;
    this.suffix = suffix;
  }

  public static Path defaultDirectory() {
    return Path.of(System.getProperty("java.io.tmpdir", "/tmp"));
  }

  /** A name that has not been tried. */
  public Path next() {
    attempts++;
    long number = Strand.require("create a name").loop.backend().random();
    return directory.resolve(prefix + Long.toUnsignedString(number, Character.MAX_RADIX) + suffix);
  }

  /** Throws the failure, unless it is that the name is taken and others are left to be tried. */
  public void requireTaken(ErrnoException failure) throws ErrnoException {
    if (failure.errno() != Errno.EEXIST || attempts == ATTEMPTS_MAX) {
      throw failure;
    }
  }
}

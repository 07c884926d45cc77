// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import dev.weft.Deadline;
import dev.weft.error.ErrnoException;
import dev.weft.internal.io.TemporaryNames;
import java.io.IOException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * File with a unpredictable name, which is deleted when this is closed, unless it is to be kept. It
 * is new: it has not been there before, not even as a symbolic link (O_EXCL), and only its owner
 * may read and write it (permissions 0600).
 */
public final class TemporaryFile implements AutoCloseable {
  private static final OpenOption[] OPTIONS = {
    StandardOpenOption.READ,
    StandardOpenOption.WRITE,
    StandardOpenOption.CREATE_NEW,
    new Permissions(0600)
  };

  private final Path path;
  private final File file;
  private boolean isKept;
  private boolean closed;

  private TemporaryFile(Path path, File file) {
    this.path = path;
    this.file = file;
  }

  /**
   * Makes a file in the directory of the system property {@code java.io.tmpdir}. Suspends.
   *
   * @return an open file, to read and write
   * @throws ErrnoException ENOENT, EACCES, ENOSPC, EMFILE and so on (open(2))
   */
  public static TemporaryFile create() throws IOException {
    return create(Deadline.NEVER);
  }

  /**
   * As {@link #create()}; waits until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting
   * @return an open file, to read and write
   * @throws ErrnoException ENOENT, EACCES, ENOSPC, EMFILE and so on (open(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static TemporaryFile create(Deadline deadline) throws IOException {
    return create(TemporaryNames.defaultDirectory(), "", "", deadline);
  }

  /**
   * Makes a file. Suspends.
   *
   * @param directory where
   * @param prefix how its name begins; may be empty
   * @param suffix how its name ends, such as {@code .txt}; may be empty
   * @return an open file, to read and write
   * @throws ErrnoException ENOENT, EACCES, ENOSPC, EMFILE and so on (open(2))
   */
  public static TemporaryFile create(Path directory, String prefix, String suffix)
      throws IOException {
    return create(directory, prefix, suffix, Deadline.NEVER);
  }

  /**
   * As {@link #create(Path, String, String)}; waits until {@code deadline} at most. Suspends.
   *
   * @param directory where
   * @param prefix how its name begins; may be empty
   * @param suffix how its name ends, such as {@code .txt}; may be empty
   * @param deadline when to stop waiting
   * @return an open file, to read and write
   * @throws ErrnoException ENOENT, EACCES, ENOSPC, EMFILE and so on (open(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static TemporaryFile create(
      Path directory, String prefix, String suffix, Deadline deadline) throws IOException {
    TemporaryNames names = new TemporaryNames(directory, prefix, suffix);
    while (true) {
      Path path = names.next();
      try {
        return new TemporaryFile(path, File.open(path, deadline, OPTIONS));
      } catch (ErrnoException e) {
        names.requireTaken(e);
      }
    }
  }

  /** {@return the open file, which {@link #close} closes} */
  public File file() {
    return file;
  }

  /** {@return where it is} */
  public Path path() {
    return path;
  }

  /** Leaves the file where it is when this is closed. */
  public void keep() {
    isKept = true;
  }

  /**
   * Closes the file, and deletes it unless it is to be kept. Suspends, even in a cancelled fiber.
   * If it has been deleted or renamed already, there is nothing to delete. Does nothing the second
   * time.
   *
   * @throws ErrnoException EACCES and so on if it can't be deleted (unlink(2)), or what {@link
   *     File#close} throws
   */
  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try {
      file.close();
    } finally {
      if (!isKept) {
        TemporaryDirectory.deleteShielded(() -> FileSystem.delete(path));
      }
    }
  }

  @Override
  public String toString() {
    return path.toString();
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.FiberTask;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.io.PathCalls;
import dev.weft.internal.io.TemporaryNames;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Directory with a unpredictable name, which is deleted with all that is in it when this is closed,
 * unless it is to be kept. It is new, and only its owner may use it (permissions 0700).
 */
public final class TemporaryDirectory implements AutoCloseable {
  private static final int PERMISSIONS = 0700;

  private final Path path;
  private boolean isKept;
  private boolean closed;

  private TemporaryDirectory(Path path) {
    this.path = path;
  }

  /**
   * Makes a directory in that of the system property {@code java.io.tmpdir}. Suspends.
   *
   * @return an empty directory
   * @throws ErrnoException ENOENT, EACCES, ENOSPC and so on (mkdir(2))
   */
  public static TemporaryDirectory create() throws IOException {
    return create(Deadline.NEVER);
  }

  /**
   * As {@link #create()}; waits until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @return an empty directory
   * @throws ErrnoException ENOENT, EACCES, ENOSPC and so on (mkdir(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static TemporaryDirectory create(Deadline deadline) throws IOException {
    return create(TemporaryNames.defaultDirectory(), "", deadline);
  }

  /**
   * Makes a directory. Suspends.
   *
   * @param parent where
   * @param prefix how its name begins; may be empty
   * @return an empty directory
   * @throws ErrnoException ENOENT, EACCES, ENOSPC and so on (mkdir(2))
   */
  public static TemporaryDirectory create(Path parent, String prefix) throws IOException {
    return create(parent, prefix, Deadline.NEVER);
  }

  /**
   * As {@link #create(Path, String)}; waits until {@code deadline} at most. Suspends.
   *
   * @param parent where
   * @param prefix how its name begins; may be empty
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @return an empty directory
   * @throws ErrnoException ENOENT, EACCES, ENOSPC and so on (mkdir(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static TemporaryDirectory create(Path parent, String prefix, Deadline deadline)
      throws IOException {
    TemporaryNames names = new TemporaryNames(parent, prefix, "");
    while (true) {
      Path path = names.next();
      try {
        PathCalls.createDirectory(null, path, PERMISSIONS, deadline.nanoTime());
        return new TemporaryDirectory(path);
      } catch (ErrnoException e) {
        names.requireTaken(e);
      }
    }
  }

  /** {@return where it is} */
  public Path path() {
    return path;
  }

  /** Leaves the directory where it is when this is closed. */
  public void keep() {
    isKept = true;
  }

  /**
   * Deletes the directory and all that is in it, unless it is to be kept. Suspends, even in a
   * cancelled fiber. If it has been deleted or renamed already, there is nothing to delete. Does
   * nothing the second time.
   *
   * @throws ErrnoException EACCES and so on if something can't be deleted: the rest is left
   */
  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    if (!isKept) {
      deleteShielded(() -> FileSystem.deleteTree(path));
    }
  }

  /** Deletes something that need not be there any more, even in a cancelled fiber. Suspends. */
  static void deleteShielded(FiberTask deletion) throws IOException {
    try {
      Fiber.shielded(Deadline.NEVER, deletion);
    } catch (ErrnoException e) {
      if (e.errno() != Errno.ENOENT) {
        throw e;
      }
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError("a deletion throws nothing else", e);
    }
  }

  @Override
  public String toString() {
    return path.toString();
  }
}

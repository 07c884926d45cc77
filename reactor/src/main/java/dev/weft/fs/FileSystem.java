// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import dev.weft.Deadline;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.PathRequest;
import dev.weft.internal.fs.FileNames;
import dev.weft.internal.io.PathCalls;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Files by their names. A relative path starts at the working directory. The bytes of a path are
 * used as they are, even if they are not valid text in the locale. Kernel workers carry the calls
 * out, or other threads, so that no other fiber waits for a disk.
 *
 * <p>Between two calls a name can come to mean something else. {@link Directory} looks names up in
 * an open directory instead.
 */
public final class FileSystem {
  private FileSystem() {}

  /**
   * Returns the attributes of a file. Suspends.
   *
   * @param path the file; a symbolic link stands for what it leads to
   * @return a snapshot
   * @throws ErrnoException ENOENT, EACCES, ELOOP and so on (statx(2))
   */
  public static FileStat stat(Path path) throws IOException {
    return stat(path, Deadline.NEVER);
  }

  /**
   * As {@link #stat(Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the file; a symbolic link stands for what it leads to
   * @param deadline when to stop waiting
   * @return a snapshot
   * @throws ErrnoException ENOENT, EACCES, ELOOP and so on (statx(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static FileStat stat(Path path, Deadline deadline) throws IOException {
    return FileStat.of(PathCalls.stat(null, path, true, deadline.nanoTime()));
  }

  /**
   * Returns the attributes of a file, of a symbolic link itself. Suspends.
   *
   * @param path the file, which may be a symbolic link
   * @return a snapshot
   * @throws ErrnoException ENOENT, EACCES and so on (statx(2))
   */
  public static FileStat lstat(Path path) throws IOException {
    return lstat(path, Deadline.NEVER);
  }

  /**
   * As {@link #lstat(Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the file, which may be a symbolic link
   * @param deadline when to stop waiting
   * @return a snapshot
   * @throws ErrnoException ENOENT, EACCES and so on (statx(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static FileStat lstat(Path path, Deadline deadline) throws IOException {
    return FileStat.of(PathCalls.stat(null, path, false, deadline.nanoTime()));
  }

  /**
   * Returns whether there is a file of that name that can be found. Suspends.
   *
   * @param path the file; a symbolic link stands for what it leads to
   * @return false if not, or if that can't be found out, as in a directory that may not be searched
   * @throws IOException if the system could not be asked
   */
  public static boolean exists(Path path) throws IOException {
    return exists(path, Deadline.NEVER);
  }

  /**
   * As {@link #exists(Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the file; a symbolic link stands for what it leads to
   * @param deadline when to stop waiting
   * @return false if not, or if that can't be found out, as in a directory that may not be searched
   * @throws IOException if the system could not be asked
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static boolean exists(Path path, Deadline deadline) throws IOException {
    return PathCalls.exists(null, path, deadline.nanoTime());
  }

  /**
   * Makes a directory with the permissions 0777 less the umask. Suspends.
   *
   * @param path the directory
   * @throws ErrnoException EEXIST, ENOENT, EACCES, ENOSPC and so on (mkdir(2))
   */
  public static void createDirectory(Path path) throws IOException {
    createDirectory(path, Deadline.NEVER);
  }

  /**
   * As {@link #createDirectory(Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the directory
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException EEXIST, ENOENT, EACCES, ENOSPC and so on (mkdir(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static void createDirectory(Path path, Deadline deadline) throws IOException {
    PathCalls.createDirectory(null, path, PathCalls.PERMISSIONS_OF_DIRECTORY, deadline.nanoTime());
  }

  /**
   * Makes a directory. Suspends.
   *
   * @param path the directory
   * @param permissions its mode bits, from which the umask takes
   * @throws ErrnoException EEXIST, ENOENT, EACCES, ENOSPC and so on (mkdir(2))
   */
  public static void createDirectory(Path path, int permissions) throws IOException {
    createDirectory(path, permissions, Deadline.NEVER);
  }

  /**
   * As {@link #createDirectory(Path, int)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the directory
   * @param permissions its mode bits, from which the umask takes
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException EEXIST, ENOENT, EACCES, ENOSPC and so on (mkdir(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static void createDirectory(Path path, int permissions, Deadline deadline)
      throws IOException {
    PathCalls.createDirectory(null, path, permissions, deadline.nanoTime());
  }

  /**
   * Sets the permissions of a file. Suspends.
   *
   * @param path the file; a symbolic link stands for what it leads to
   * @param permissions the lower twelve bits of a mode, such as 0640; the umask takes nothing
   * @throws ErrnoException ENOENT, EPERM, EROFS and so on (chmod(2))
   */
  public static void setPermissions(Path path, int permissions) throws IOException {
    setPermissions(path, permissions, Deadline.NEVER);
  }

  /**
   * As {@link #setPermissions(Path, int)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the file; a symbolic link stands for what it leads to
   * @param permissions the lower twelve bits of a mode, such as 0640; the umask takes nothing
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException ENOENT, EPERM, EROFS and so on (chmod(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static void setPermissions(Path path, int permissions, Deadline deadline)
      throws IOException {
    Permissions.requireMode(permissions);
    PathCalls.setPermissions(null, path, permissions, deadline.nanoTime());
  }

  /**
   * Removes the name of a file that is no directory. Those who use the open file can go on.
   * Suspends.
   *
   * @param path the file, or a symbolic link, which is not followed
   * @throws ErrnoException ENOENT, EISDIR, EACCES, EBUSY and so on (unlink(2))
   */
  public static void delete(Path path) throws IOException {
    delete(path, Deadline.NEVER);
  }

  /**
   * As {@link #delete(Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the file, or a symbolic link, which is not followed
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException ENOENT, EISDIR, EACCES, EBUSY and so on (unlink(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static void delete(Path path, Deadline deadline) throws IOException {
    PathCalls.delete(null, path, deadline.nanoTime());
  }

  /**
   * Removes a directory. Suspends.
   *
   * @param path the directory, which must be empty
   * @throws ErrnoException ENOENT, ENOTDIR, ENOTEMPTY, EBUSY and so on (rmdir(2))
   */
  public static void deleteDirectory(Path path) throws IOException {
    deleteDirectory(path, Deadline.NEVER);
  }

  /**
   * As {@link #deleteDirectory(Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the directory, which must be empty
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException ENOENT, ENOTDIR, ENOTEMPTY, EBUSY and so on (rmdir(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static void deleteDirectory(Path path, Deadline deadline) throws IOException {
    PathCalls.deleteDirectory(null, path, deadline.nanoTime());
  }

  /**
   * Gives a file or directory another name. It replaces a file of that name in one step. Suspends.
   *
   * @param path the file or directory
   * @param renamed the new name
   * @throws ErrnoException EXDEV if the names are in two file systems; ENOENT, EISDIR, ENOTEMPTY
   *     and so on (rename(2))
   */
  public static void rename(Path path, Path renamed) throws IOException {
    rename(path, renamed, Deadline.NEVER);
  }

  /**
   * As {@link #rename(Path, Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the file or directory
   * @param renamed the new name
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException EXDEV if the names are in two file systems; ENOENT, EISDIR, ENOTEMPTY
   *     and so on (rename(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static void rename(Path path, Path renamed, Deadline deadline) throws IOException {
    PathCalls.rename(null, path, null, renamed, 0, deadline.nanoTime());
  }

  /**
   * Gives a file or directory another name, which must be new (RENAME_NOREPLACE). Suspends.
   *
   * @param path the file or directory
   * @param renamed the new name
   * @throws ErrnoException EEXIST if the name exists, EXDEV, ENOENT and so on (rename(2))
   * @throws UnsupportedOperationException on a backend that can't do that
   */
  public static void renameToNew(Path path, Path renamed) throws IOException {
    renameToNew(path, renamed, Deadline.NEVER);
  }

  /**
   * As {@link #renameToNew(Path, Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the file or directory
   * @param renamed the new name
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException EEXIST if the name exists, EXDEV, ENOENT and so on (rename(2))
   * @throws UnsupportedOperationException on a backend that can't do that
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static void renameToNew(Path path, Path renamed, Deadline deadline) throws IOException {
    PathCalls.rename(null, path, null, renamed, PathRequest.NO_REPLACE, deadline.nanoTime());
  }

  /**
   * Gives each of two files or directories the name of the other in one step (RENAME_EXCHANGE).
   * Suspends.
   *
   * @param path the file or directory
   * @param renamed the other one
   * @throws ErrnoException ENOENT if one does not exist, EXDEV and so on (rename(2))
   * @throws UnsupportedOperationException on a backend that can't do that
   */
  public static void exchange(Path path, Path renamed) throws IOException {
    exchange(path, renamed, Deadline.NEVER);
  }

  /**
   * As {@link #exchange(Path, Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the file or directory
   * @param renamed the other one
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException ENOENT if one does not exist, EXDEV and so on (rename(2))
   * @throws UnsupportedOperationException on a backend that can't do that
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static void exchange(Path path, Path renamed, Deadline deadline) throws IOException {
    PathCalls.rename(null, path, null, renamed, PathRequest.EXCHANGE, deadline.nanoTime());
  }

  /**
   * Gives a file one more name, a hard link. Suspends.
   *
   * @param link the new name
   * @param existing the file; a symbolic link is not followed
   * @throws ErrnoException EEXIST, EXDEV, EPERM for a directory, EMLINK and so on (link(2))
   */
  public static void createLink(Path link, Path existing) throws IOException {
    createLink(link, existing, Deadline.NEVER);
  }

  /**
   * As {@link #createLink(Path, Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param link the new name
   * @param existing the file; a symbolic link is not followed
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException EEXIST, EXDEV, EPERM for a directory, EMLINK and so on (link(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static void createLink(Path link, Path existing, Deadline deadline) throws IOException {
    PathCalls.createLink(null, link, null, existing, deadline.nanoTime());
  }

  /**
   * Makes a symbolic link. Suspends.
   *
   * @param link the name of the link
   * @param target what it leads to, which need not exist; a relative path starts where the link is
   * @throws ErrnoException EEXIST, ENOENT, EACCES, ENOSPC and so on (symlink(2))
   */
  public static void createSymbolicLink(Path link, Path target) throws IOException {
    createSymbolicLink(link, target, Deadline.NEVER);
  }

  /**
   * As {@link #createSymbolicLink(Path, Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param link the name of the link
   * @param target what it leads to, which need not exist; a relative path starts where the link is
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException EEXIST, ENOENT, EACCES, ENOSPC and so on (symlink(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static void createSymbolicLink(Path link, Path target, Deadline deadline)
      throws IOException {
    PathCalls.createSymbolicLink(null, link, target, deadline.nanoTime());
  }

  /**
   * Reads what a symbolic link leads to, as it is written in it. Suspends.
   *
   * @param link the link
   * @return a path, relative to where the link is unless it is absolute
   * @throws ErrnoException EINVAL if it is no symbolic link, ENOENT, EACCES and so on (readlink(2))
   */
  public static Path readSymbolicLink(Path link) throws IOException {
    return readSymbolicLink(link, Deadline.NEVER);
  }

  /**
   * As {@link #readSymbolicLink(Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param link the link
   * @param deadline when to stop waiting
   * @return a path, relative to where the link is unless it is absolute
   * @throws ErrnoException EINVAL if it is no symbolic link, ENOENT, EACCES and so on (readlink(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static Path readSymbolicLink(Path link, Deadline deadline) throws IOException {
    return FileNames.path(PathCalls.readLink(null, link, deadline.nanoTime()));
  }

  /**
   * Opens a listing of a directory. Suspends.
   *
   * @param path the directory
   * @return its entries, which are read by {@link DirectoryListing#next()}
   * @throws ErrnoException ENOENT, ENOTDIR, EACCES, EMFILE and so on (open(2))
   */
  public static DirectoryListing list(Path path) throws IOException {
    return list(path, Deadline.NEVER);
  }

  /**
   * As {@link #list(Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the directory
   * @param deadline when to stop waiting
   * @return its entries, which are read by {@link DirectoryListing#next()}
   * @throws ErrnoException ENOENT, ENOTDIR, EACCES, EMFILE and so on (open(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static DirectoryListing list(Path path, Deadline deadline) throws IOException {
    return DirectoryListing.open(null, path, path, deadline);
  }

  /**
   * Begins a walk through a directory and those below it. Suspends.
   *
   * @param root the directory; a file, or a symbolic link, comes alone
   * @return what there is, which is found by {@link FileWalk#next()}
   * @throws ErrnoException ENOENT, EACCES and so on if there is no such root (statx(2))
   */
  public static FileWalk walk(Path root) throws IOException {
    return walk(root, WalkOptions.defaults(), Deadline.NEVER);
  }

  /**
   * As {@link #walk(Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param root the directory; a file, or a symbolic link, comes alone
   * @param deadline when to stop waiting; the walk has no deadline
   * @return what there is, which is found by {@link FileWalk#next()}
   * @throws ErrnoException ENOENT, EACCES and so on if there is no such root (statx(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static FileWalk walk(Path root, Deadline deadline) throws IOException {
    return walk(root, WalkOptions.defaults(), deadline);
  }

  /**
   * Begins a walk through a directory and those below it. Suspends.
   *
   * @param root the directory; a file comes alone, and so does a symbolic link if links are not
   *     followed
   * @param options the depth, the order, and whether links are followed
   * @return what there is, which is found by {@link FileWalk#next()}
   * @throws ErrnoException ENOENT, EACCES and so on if there is no such root (statx(2))
   */
  public static FileWalk walk(Path root, WalkOptions options) throws IOException {
    return walk(root, options, Deadline.NEVER);
  }

  /**
   * As {@link #walk(Path, WalkOptions)}; waits until {@code deadline} at most. Suspends.
   *
   * @param root the directory; a file comes alone, and so does a symbolic link if links are not
   *     followed
   * @param options the depth, the order, and whether links are followed
   * @param deadline when to stop waiting; the walk has no deadline
   * @return what there is, which is found by {@link FileWalk#next()}
   * @throws ErrnoException ENOENT, EACCES and so on if there is no such root (statx(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static FileWalk walk(Path root, WalkOptions options, Deadline deadline)
      throws IOException {
    return FileWalk.open(root, options, deadline);
  }

  /**
   * Deletes a directory and all that is in it, or a file. Symbolic links are deleted and not
   * followed, also those that another process makes meanwhile; on a selector that is not
   * guaranteed. Suspends.
   *
   * @param root the directory or file
   * @throws ErrnoException what could not be deleted first, and why: the rest is left. ENOTEMPTY if
   *     a file has been made meanwhile
   */
  public static void deleteTree(Path root) throws IOException {
    deleteTree(root, Deadline.NEVER);
  }

  /**
   * As {@link #deleteTree(Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param root the directory or file
   * @param deadline when to stop: the rest is left
   * @throws ErrnoException what could not be deleted first, and why: the rest is left. ENOTEMPTY if
   *     a file has been made meanwhile
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static void deleteTree(Path root, Deadline deadline) throws IOException {
    FileWalk.deleteTree(root, deadline);
  }
}

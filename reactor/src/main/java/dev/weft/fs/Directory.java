// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import dev.weft.Deadline;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.backend.PathRequest;
import dev.weft.internal.fs.FileNames;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.PathCalls;
import dev.weft.internal.strand.Strand;
import java.io.IOException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Open directory, in which names are looked up. It stays the same directory when it is renamed, or
 * when its path comes to lead elsewhere, so that what one call has found is what the next one works
 * on (openat(2)). Belongs to the reactor that has opened it. Absolute paths are looked up as usual.
 *
 * <p>Only where the backend can do that: not on a selector.
 */
public final class Directory implements AutoCloseable {
  private final Endpoint endpoint;

  private Directory(Endpoint endpoint) {
    this.endpoint = endpoint;
  }

  /**
   * Opens a directory. Suspends.
   *
   * @param path the directory
   * @return an open directory
   * @throws ErrnoException ENOENT, ENOTDIR, EACCES and so on (open(2))
   * @throws UnsupportedOperationException on a backend that can't do that
   */
  public static Directory open(Path path) throws IOException {
    return open(path, Deadline.NEVER);
  }

  /**
   * As {@link #open(Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the directory
   * @param deadline when to stop waiting
   * @return an open directory
   * @throws ErrnoException ENOENT, ENOTDIR, EACCES and so on (open(2))
   * @throws UnsupportedOperationException on a backend that can't do that
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static Directory open(Path path, Deadline deadline) throws IOException {
    return open(null, path, deadline);
  }

  private static Directory open(@Nullable Endpoint parent, Path path, Deadline deadline)
      throws IOException {
    Strand strand = PathCalls.enter(parent, "open");
    strand.loop.backend().require(Capability.OPEN_DIRECTORIES, "Directory.open");
    Endpoint endpoint = new Endpoint(strand.loop, Endpoint.Kind.STREAM, path, path);
    Directory directory = new Directory(endpoint);
    PathCalls.open(
        parent, endpoint, path, OpenFlags.READ | OpenFlags.DIRECTORY, 0, deadline.nanoTime());
    return directory;
  }

  /**
   * Opens a directory that has its name in this one. Suspends.
   *
   * @param path a name in this directory
   * @return an open directory
   * @throws ErrnoException ENOENT, ENOTDIR, EACCES and so on (open(2))
   */
  public Directory openDirectory(Path path) throws IOException {
    return openDirectory(path, Deadline.NEVER);
  }

  /**
   * As {@link #openDirectory(Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path a name in this directory
   * @param deadline when to stop waiting
   * @return an open directory
   * @throws ErrnoException ENOENT, ENOTDIR, EACCES and so on (open(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public Directory openDirectory(Path path, Deadline deadline) throws IOException {
    return open(endpoint, path, deadline);
  }

  /**
   * Opens a file that has its name in this directory. Suspends.
   *
   * @param path a name in this directory
   * @param options as those of {@link File#open(Path, OpenOption...)}
   * @return an open file
   * @throws ErrnoException ENOENT, EACCES, EISDIR, EMFILE and so on (open(2))
   */
  public File openFile(Path path, OpenOption... options) throws IOException {
    return openFile(path, Deadline.NEVER, options);
  }

  /**
   * As {@link #openFile(Path, OpenOption...)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path a name in this directory
   * @param deadline when to stop waiting
   * @param options as those of {@link File#open(Path, OpenOption...)}
   * @return an open file
   * @throws ErrnoException ENOENT, EACCES, EISDIR, EMFILE and so on (open(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public File openFile(Path path, Deadline deadline, OpenOption... options) throws IOException {
    return File.open(endpoint, path, deadline, options);
  }

  /**
   * Returns the attributes of a file. Suspends.
   *
   * @param path the file; a symbolic link stands for what it leads to; a relative name is looked up
   *     in this directory
   * @return a snapshot
   * @throws ErrnoException ENOENT, EACCES, ELOOP and so on (statx(2))
   */
  public FileStat stat(Path path) throws IOException {
    return stat(path, Deadline.NEVER);
  }

  /**
   * As {@link #stat(Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the file; a symbolic link stands for what it leads to; a relative name is looked up
   *     in this directory
   * @param deadline when to stop waiting
   * @return a snapshot
   * @throws ErrnoException ENOENT, EACCES, ELOOP and so on (statx(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public FileStat stat(Path path, Deadline deadline) throws IOException {
    return FileStat.of(PathCalls.stat(endpoint, path, true, deadline.nanoTime()));
  }

  /**
   * Returns the attributes of a file, of a symbolic link itself. Suspends.
   *
   * @param path the file, which may be a symbolic link; a relative name is looked up in this
   *     directory
   * @return a snapshot
   * @throws ErrnoException ENOENT, EACCES and so on (statx(2))
   */
  public FileStat lstat(Path path) throws IOException {
    return lstat(path, Deadline.NEVER);
  }

  /**
   * As {@link #lstat(Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the file, which may be a symbolic link; a relative name is looked up in this
   *     directory
   * @param deadline when to stop waiting
   * @return a snapshot
   * @throws ErrnoException ENOENT, EACCES and so on (statx(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public FileStat lstat(Path path, Deadline deadline) throws IOException {
    return FileStat.of(PathCalls.stat(endpoint, path, false, deadline.nanoTime()));
  }

  /**
   * Returns whether there is a file of that name that can be found. Suspends.
   *
   * @param path the file; a symbolic link stands for what it leads to; a relative name is looked up
   *     in this directory
   * @return false if not, or if that can't be found out, as in a directory that may not be searched
   * @throws IOException if the directory is closed
   */
  public boolean exists(Path path) throws IOException {
    return exists(path, Deadline.NEVER);
  }

  /**
   * As {@link #exists(Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the file; a symbolic link stands for what it leads to; a relative name is looked up
   *     in this directory
   * @param deadline when to stop waiting
   * @return false if not, or if that can't be found out, as in a directory that may not be searched
   * @throws IOException if the directory is closed
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public boolean exists(Path path, Deadline deadline) throws IOException {
    return PathCalls.exists(endpoint, path, deadline.nanoTime());
  }

  /**
   * Makes a directory with the permissions 0777 less the umask. Suspends.
   *
   * @param path the directory; a relative name is looked up in this directory
   * @throws ErrnoException EEXIST, ENOENT, EACCES, ENOSPC and so on (mkdir(2))
   */
  public void createDirectory(Path path) throws IOException {
    createDirectory(path, Deadline.NEVER);
  }

  /**
   * As {@link #createDirectory(Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the directory; a relative name is looked up in this directory
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException EEXIST, ENOENT, EACCES, ENOSPC and so on (mkdir(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void createDirectory(Path path, Deadline deadline) throws IOException {
    PathCalls.createDirectory(
        endpoint, path, PathCalls.PERMISSIONS_OF_DIRECTORY, deadline.nanoTime());
  }

  /**
   * Makes a directory. Suspends.
   *
   * @param path the directory; a relative name is looked up in this directory
   * @param permissions its mode bits, from which the umask takes
   * @throws ErrnoException EEXIST, ENOENT, EACCES, ENOSPC and so on (mkdir(2))
   */
  public void createDirectory(Path path, int permissions) throws IOException {
    createDirectory(path, permissions, Deadline.NEVER);
  }

  /**
   * As {@link #createDirectory(Path, int)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the directory; a relative name is looked up in this directory
   * @param permissions its mode bits, from which the umask takes
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException EEXIST, ENOENT, EACCES, ENOSPC and so on (mkdir(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void createDirectory(Path path, int permissions, Deadline deadline) throws IOException {
    PathCalls.createDirectory(endpoint, path, permissions, deadline.nanoTime());
  }

  /**
   * Sets the permissions of a file. Suspends.
   *
   * @param path the file; a symbolic link stands for what it leads to; a relative name is looked up
   *     in this directory
   * @param permissions the lower twelve bits of a mode, such as 0640; the umask takes nothing
   * @throws ErrnoException ENOENT, EPERM, EROFS and so on (chmod(2))
   */
  public void setPermissions(Path path, int permissions) throws IOException {
    setPermissions(path, permissions, Deadline.NEVER);
  }

  /**
   * As {@link #setPermissions(Path, int)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the file; a symbolic link stands for what it leads to; a relative name is looked up
   *     in this directory
   * @param permissions the lower twelve bits of a mode, such as 0640; the umask takes nothing
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException ENOENT, EPERM, EROFS and so on (chmod(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void setPermissions(Path path, int permissions, Deadline deadline) throws IOException {
    Permissions.requireMode(permissions);
    PathCalls.setPermissions(endpoint, path, permissions, deadline.nanoTime());
  }

  /**
   * Removes the name of a file that is no directory. Those who use the open file can go on.
   * Suspends.
   *
   * @param path the file, or a symbolic link, which is not followed; a relative name is looked up
   *     in this directory
   * @throws ErrnoException ENOENT, EISDIR, EACCES, EBUSY and so on (unlink(2))
   */
  public void delete(Path path) throws IOException {
    delete(path, Deadline.NEVER);
  }

  /**
   * As {@link #delete(Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the file, or a symbolic link, which is not followed; a relative name is looked up
   *     in this directory
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException ENOENT, EISDIR, EACCES, EBUSY and so on (unlink(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void delete(Path path, Deadline deadline) throws IOException {
    PathCalls.delete(endpoint, path, deadline.nanoTime());
  }

  /**
   * Removes a directory. Suspends.
   *
   * @param path the directory, which must be empty; a relative name is looked up in this directory
   * @throws ErrnoException ENOENT, ENOTDIR, ENOTEMPTY, EBUSY and so on (rmdir(2))
   */
  public void deleteDirectory(Path path) throws IOException {
    deleteDirectory(path, Deadline.NEVER);
  }

  /**
   * As {@link #deleteDirectory(Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the directory, which must be empty; a relative name is looked up in this directory
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException ENOENT, ENOTDIR, ENOTEMPTY, EBUSY and so on (rmdir(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void deleteDirectory(Path path, Deadline deadline) throws IOException {
    PathCalls.deleteDirectory(endpoint, path, deadline.nanoTime());
  }

  /**
   * Gives a file or directory another name. It replaces a file of that name in one step. Suspends.
   *
   * @param path a name in this directory
   * @param target the directory of the other name; may be this one
   * @param renamed a name in {@code target}
   * @throws ErrnoException EXDEV if the names are in two file systems; ENOENT, EISDIR, ENOTEMPTY
   *     and so on (rename(2))
   */
  public void rename(Path path, Directory target, Path renamed) throws IOException {
    rename(path, target, renamed, Deadline.NEVER);
  }

  /**
   * As {@link #rename(Path, Directory, Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path a name in this directory
   * @param target the directory of the other name; may be this one
   * @param renamed a name in {@code target}
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException EXDEV if the names are in two file systems; ENOENT, EISDIR, ENOTEMPTY
   *     and so on (rename(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void rename(Path path, Directory target, Path renamed, Deadline deadline)
      throws IOException {
    PathCalls.rename(endpoint, path, target.endpoint, renamed, 0, deadline.nanoTime());
  }

  /**
   * Gives a file or directory another name, which must be new (RENAME_NOREPLACE). Suspends.
   *
   * @param path a name in this directory
   * @param target the directory of the other name; may be this one
   * @param renamed a name in {@code target}
   * @throws ErrnoException EEXIST if the name exists, EXDEV, ENOENT and so on (rename(2))
   * @throws UnsupportedOperationException on a backend that can't do that
   */
  public void renameToNew(Path path, Directory target, Path renamed) throws IOException {
    renameToNew(path, target, renamed, Deadline.NEVER);
  }

  /**
   * As {@link #renameToNew(Path, Directory, Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path a name in this directory
   * @param target the directory of the other name; may be this one
   * @param renamed a name in {@code target}
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException EEXIST if the name exists, EXDEV, ENOENT and so on (rename(2))
   * @throws UnsupportedOperationException on a backend that can't do that
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void renameToNew(Path path, Directory target, Path renamed, Deadline deadline)
      throws IOException {
    PathCalls.rename(
        endpoint, path, target.endpoint, renamed, PathRequest.NO_REPLACE, deadline.nanoTime());
  }

  /**
   * Gives each of two files or directories the name of the other in one step (RENAME_EXCHANGE).
   * Suspends.
   *
   * @param path a name in this directory
   * @param target the directory of the other name; may be this one
   * @param renamed a name in {@code target}
   * @throws ErrnoException ENOENT if one does not exist, EXDEV and so on (rename(2))
   * @throws UnsupportedOperationException on a backend that can't do that
   */
  public void exchange(Path path, Directory target, Path renamed) throws IOException {
    exchange(path, target, renamed, Deadline.NEVER);
  }

  /**
   * As {@link #exchange(Path, Directory, Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path a name in this directory
   * @param target the directory of the other name; may be this one
   * @param renamed a name in {@code target}
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException ENOENT if one does not exist, EXDEV and so on (rename(2))
   * @throws UnsupportedOperationException on a backend that can't do that
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void exchange(Path path, Directory target, Path renamed, Deadline deadline)
      throws IOException {
    PathCalls.rename(
        endpoint, path, target.endpoint, renamed, PathRequest.EXCHANGE, deadline.nanoTime());
  }

  /**
   * Gives a file one more name, a hard link. Suspends.
   *
   * @param link the new name, in this directory
   * @param source the directory of the file; may be this one
   * @param existing a name in {@code source}; a symbolic link is not followed
   * @throws ErrnoException EEXIST, EXDEV, EPERM for a directory, EMLINK and so on (link(2))
   */
  public void createLink(Path link, Directory source, Path existing) throws IOException {
    createLink(link, source, existing, Deadline.NEVER);
  }

  /**
   * As {@link #createLink(Path, Directory, Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param link the new name, in this directory
   * @param source the directory of the file; may be this one
   * @param existing a name in {@code source}; a symbolic link is not followed
   * @param deadline when to stop waiting: it is not known then whether it happens
   * @throws ErrnoException EEXIST, EXDEV, EPERM for a directory, EMLINK and so on (link(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void createLink(Path link, Directory source, Path existing, Deadline deadline)
      throws IOException {
    PathCalls.createLink(endpoint, link, source.endpoint, existing, deadline.nanoTime());
  }

  /**
   * Makes a symbolic link. Suspends.
   *
   * @param link the name of the link
   * @param target what it leads to, which need not exist; a relative path starts where the link is
   * @throws ErrnoException EEXIST, ENOENT, EACCES, ENOSPC and so on (symlink(2))
   */
  public void createSymbolicLink(Path link, Path target) throws IOException {
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
  public void createSymbolicLink(Path link, Path target, Deadline deadline) throws IOException {
    PathCalls.createSymbolicLink(endpoint, link, target, deadline.nanoTime());
  }

  /**
   * Reads what a symbolic link leads to, as it is written in it. Suspends.
   *
   * @param link a name in this directory
   * @return a path, relative to where the link is unless it is absolute
   * @throws ErrnoException EINVAL if it is no symbolic link, ENOENT, EACCES and so on (readlink(2))
   */
  public Path readSymbolicLink(Path link) throws IOException {
    return readSymbolicLink(link, Deadline.NEVER);
  }

  /**
   * As {@link #readSymbolicLink(Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param link a name in this directory
   * @param deadline when to stop waiting
   * @return a path, relative to where the link is unless it is absolute
   * @throws ErrnoException EINVAL if it is no symbolic link, ENOENT, EACCES and so on (readlink(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public Path readSymbolicLink(Path link, Deadline deadline) throws IOException {
    return FileNames.path(PathCalls.readLink(endpoint, link, deadline.nanoTime()));
  }

  /**
   * Opens a listing of this directory. Suspends.
   *
   * @return its entries, which are read by {@link DirectoryListing#next()}
   * @throws ErrnoException ENOENT, ENOTDIR, EACCES, EMFILE and so on (open(2))
   */
  public DirectoryListing list() throws IOException {
    return list(Deadline.NEVER);
  }

  /**
   * As {@link #list()}; waits until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting
   * @return its entries, which are read by {@link DirectoryListing#next()}
   * @throws ErrnoException ENOENT, ENOTDIR, EACCES, EMFILE and so on (open(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public DirectoryListing list(Deadline deadline) throws IOException {
    return DirectoryListing.open(endpoint, Path.of("."), toString(), deadline);
  }

  /**
   * Closes the directory. Suspends, even in a cancelled fiber. Does nothing the second time.
   *
   * @throws ErrnoException as close(2) says; the directory is closed even so
   */
  @Override
  public void close() throws IOException {
    endpoint.closeChecked();
  }

  @Override
  public String toString() {
    return endpoint.name().toString();
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import dev.weft.Deadline;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.PathRequest;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.XattrCalls;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Extended attributes of files (xattr(7)): names with values that are bytes. On a selector those of
 * paths in the namespace {@code user} alone.
 */
public final class Xattrs {
  private Xattrs() {}

  /**
   * Returns the value of an attribute. Suspends.
   *
   * @param path the file; a symbolic link stands for what it leads to
   * @param name such as {@code user.comment}, with its namespace
   * @return its value; null if the file has no such attribute
   * @throws ErrnoException ENOENT, EOPNOTSUPP if the file system has none, and so on (getxattr(2))
   */
  public static byte @Nullable [] get(Path path, String name) throws IOException {
    return get(path, name, Deadline.NEVER);
  }

  /**
   * As {@link #get(Path, String)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the file; a symbolic link stands for what it leads to
   * @param name such as {@code user.comment}, with its namespace
   * @param deadline when to stop waiting
   * @return its value; null if the file has no such attribute
   * @throws ErrnoException ENOENT, EOPNOTSUPP if the file system has none, and so on (getxattr(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static byte @Nullable [] get(Path path, String name, Deadline deadline)
      throws IOException {
    return XattrCalls.get(null, path, name, deadline.nanoTime());
  }

  /**
   * Returns the value of an attribute. Suspends.
   *
   * @param file an open file
   * @param name such as {@code user.comment}, with its namespace
   * @return its value; null if the file has no such attribute
   * @throws ErrnoException ENOENT, EOPNOTSUPP if the file system has none, and so on (getxattr(2))
   * @throws UnsupportedOperationException on a selector
   */
  public static byte @Nullable [] get(File file, String name) throws IOException {
    return get(file, name, Deadline.NEVER);
  }

  /**
   * As {@link #get(File, String)}; waits until {@code deadline} at most. Suspends.
   *
   * @param file an open file
   * @param name such as {@code user.comment}, with its namespace
   * @param deadline when to stop waiting
   * @return its value; null if the file has no such attribute
   * @throws ErrnoException ENOENT, EOPNOTSUPP if the file system has none, and so on (getxattr(2))
   * @throws UnsupportedOperationException on a selector
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static byte @Nullable [] get(File file, String name, Deadline deadline)
      throws IOException {
    return XattrCalls.get(Endpoint.IN.of(file), file, name, deadline.nanoTime());
  }

  /**
   * Sets an attribute, new or not. Suspends.
   *
   * @param path the file; a symbolic link stands for what it leads to
   * @param name such as {@code user.comment}, with its namespace
   * @param value its value, up to 64 KiB
   * @throws ErrnoException ENOENT, EPERM, ENOSPC, E2BIG, EOPNOTSUPP and so on (setxattr(2))
   */
  public static void set(Path path, String name, byte[] value) throws IOException {
    set(path, name, value, Deadline.NEVER);
  }

  /**
   * As {@link #set(Path, String, byte[])}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the file; a symbolic link stands for what it leads to
   * @param name such as {@code user.comment}, with its namespace
   * @param value its value, up to 64 KiB
   * @param deadline when to stop waiting
   * @throws ErrnoException ENOENT, EPERM, ENOSPC, E2BIG, EOPNOTSUPP and so on (setxattr(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static void set(Path path, String name, byte[] value, Deadline deadline)
      throws IOException {
    XattrCalls.set(null, path, name, value, 0, deadline.nanoTime());
  }

  /**
   * Sets an attribute, new or not. Suspends.
   *
   * @param file an open file
   * @param name such as {@code user.comment}, with its namespace
   * @param value its value, up to 64 KiB
   * @throws ErrnoException ENOENT, EPERM, ENOSPC, E2BIG, EOPNOTSUPP and so on (setxattr(2))
   * @throws UnsupportedOperationException on a selector
   */
  public static void set(File file, String name, byte[] value) throws IOException {
    set(file, name, value, Deadline.NEVER);
  }

  /**
   * As {@link #set(File, String, byte[])}; waits until {@code deadline} at most. Suspends.
   *
   * @param file an open file
   * @param name such as {@code user.comment}, with its namespace
   * @param value its value, up to 64 KiB
   * @param deadline when to stop waiting
   * @throws ErrnoException ENOENT, EPERM, ENOSPC, E2BIG, EOPNOTSUPP and so on (setxattr(2))
   * @throws UnsupportedOperationException on a selector
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static void set(File file, String name, byte[] value, Deadline deadline)
      throws IOException {
    XattrCalls.set(Endpoint.IN.of(file), file, name, value, 0, deadline.nanoTime());
  }

  /**
   * Sets an attribute which must be new (XATTR_CREATE). Suspends.
   *
   * @param path the file; a symbolic link stands for what it leads to
   * @param name such as {@code user.comment}, with its namespace
   * @param value its value, up to 64 KiB
   * @throws ErrnoException EEXIST if it exists, ENOENT, EPERM, ENOSPC and so on (setxattr(2))
   */
  public static void create(Path path, String name, byte[] value) throws IOException {
    create(path, name, value, Deadline.NEVER);
  }

  /**
   * As {@link #create(Path, String, byte[])}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the file; a symbolic link stands for what it leads to
   * @param name such as {@code user.comment}, with its namespace
   * @param value its value, up to 64 KiB
   * @param deadline when to stop waiting
   * @throws ErrnoException EEXIST if it exists, ENOENT, EPERM, ENOSPC and so on (setxattr(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static void create(Path path, String name, byte[] value, Deadline deadline)
      throws IOException {
    XattrCalls.set(null, path, name, value, PathRequest.CREATE, deadline.nanoTime());
  }

  /**
   * Sets an attribute which must be new (XATTR_CREATE). Suspends.
   *
   * @param file an open file
   * @param name such as {@code user.comment}, with its namespace
   * @param value its value, up to 64 KiB
   * @throws ErrnoException EEXIST if it exists, ENOENT, EPERM, ENOSPC and so on (setxattr(2))
   * @throws UnsupportedOperationException on a selector
   */
  public static void create(File file, String name, byte[] value) throws IOException {
    create(file, name, value, Deadline.NEVER);
  }

  /**
   * As {@link #create(File, String, byte[])}; waits until {@code deadline} at most. Suspends.
   *
   * @param file an open file
   * @param name such as {@code user.comment}, with its namespace
   * @param value its value, up to 64 KiB
   * @param deadline when to stop waiting
   * @throws ErrnoException EEXIST if it exists, ENOENT, EPERM, ENOSPC and so on (setxattr(2))
   * @throws UnsupportedOperationException on a selector
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static void create(File file, String name, byte[] value, Deadline deadline)
      throws IOException {
    XattrCalls.set(
        Endpoint.IN.of(file), file, name, value, PathRequest.CREATE, deadline.nanoTime());
  }

  /**
   * Sets an attribute which must exist (XATTR_REPLACE). Suspends.
   *
   * @param path the file; a symbolic link stands for what it leads to
   * @param name such as {@code user.comment}, with its namespace
   * @param value its value, up to 64 KiB
   * @throws ErrnoException ENODATA if the file has none, ENOENT, EPERM, ENOSPC and so on
   *     (setxattr(2))
   */
  public static void replace(Path path, String name, byte[] value) throws IOException {
    replace(path, name, value, Deadline.NEVER);
  }

  /**
   * As {@link #replace(Path, String, byte[])}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the file; a symbolic link stands for what it leads to
   * @param name such as {@code user.comment}, with its namespace
   * @param value its value, up to 64 KiB
   * @param deadline when to stop waiting
   * @throws ErrnoException ENODATA if the file has none, ENOENT, EPERM, ENOSPC and so on
   *     (setxattr(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static void replace(Path path, String name, byte[] value, Deadline deadline)
      throws IOException {
    XattrCalls.set(null, path, name, value, PathRequest.REPLACE, deadline.nanoTime());
  }

  /**
   * Sets an attribute which must exist (XATTR_REPLACE). Suspends.
   *
   * @param file an open file
   * @param name such as {@code user.comment}, with its namespace
   * @param value its value, up to 64 KiB
   * @throws ErrnoException ENODATA if the file has none, ENOENT, EPERM, ENOSPC and so on
   *     (setxattr(2))
   * @throws UnsupportedOperationException on a selector
   */
  public static void replace(File file, String name, byte[] value) throws IOException {
    replace(file, name, value, Deadline.NEVER);
  }

  /**
   * As {@link #replace(File, String, byte[])}; waits until {@code deadline} at most. Suspends.
   *
   * @param file an open file
   * @param name such as {@code user.comment}, with its namespace
   * @param value its value, up to 64 KiB
   * @param deadline when to stop waiting
   * @throws ErrnoException ENODATA if the file has none, ENOENT, EPERM, ENOSPC and so on
   *     (setxattr(2))
   * @throws UnsupportedOperationException on a selector
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static void replace(File file, String name, byte[] value, Deadline deadline)
      throws IOException {
    XattrCalls.set(
        Endpoint.IN.of(file), file, name, value, PathRequest.REPLACE, deadline.nanoTime());
  }

  /**
   * Removes an attribute. Suspends.
   *
   * @param path the file; a symbolic link stands for what it leads to
   * @param name such as {@code user.comment}, with its namespace
   * @throws ErrnoException ENODATA if the file has none of that name, ENOENT, EPERM and so on
   *     (removexattr(2))
   */
  public static void remove(Path path, String name) throws IOException {
    remove(path, name, Deadline.NEVER);
  }

  /**
   * As {@link #remove(Path, String)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the file; a symbolic link stands for what it leads to
   * @param name such as {@code user.comment}, with its namespace
   * @param deadline when to stop waiting
   * @throws ErrnoException ENODATA if the file has none of that name, ENOENT, EPERM and so on
   *     (removexattr(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static void remove(Path path, String name, Deadline deadline) throws IOException {
    XattrCalls.remove(null, path, name, deadline.nanoTime());
  }

  /**
   * Removes an attribute. Suspends.
   *
   * @param file an open file
   * @param name such as {@code user.comment}, with its namespace
   * @throws ErrnoException ENODATA if the file has none of that name, ENOENT, EPERM and so on
   *     (removexattr(2))
   * @throws UnsupportedOperationException on a selector
   */
  public static void remove(File file, String name) throws IOException {
    remove(file, name, Deadline.NEVER);
  }

  /**
   * As {@link #remove(File, String)}; waits until {@code deadline} at most. Suspends.
   *
   * @param file an open file
   * @param name such as {@code user.comment}, with its namespace
   * @param deadline when to stop waiting
   * @throws ErrnoException ENODATA if the file has none of that name, ENOENT, EPERM and so on
   *     (removexattr(2))
   * @throws UnsupportedOperationException on a selector
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static void remove(File file, String name, Deadline deadline) throws IOException {
    XattrCalls.remove(Endpoint.IN.of(file), file, name, deadline.nanoTime());
  }

  /**
   * Returns the names of all attributes. Suspends.
   *
   * @param path the file; a symbolic link stands for what it leads to
   * @return those that the process may see, with their namespaces
   * @throws ErrnoException ENOENT, EOPNOTSUPP and so on (listxattr(2))
   */
  public static List<String> list(Path path) throws IOException {
    return list(path, Deadline.NEVER);
  }

  /**
   * As {@link #list(Path)}; waits until {@code deadline} at most. Suspends.
   *
   * @param path the file; a symbolic link stands for what it leads to
   * @param deadline when to stop waiting
   * @return those that the process may see, with their namespaces
   * @throws ErrnoException ENOENT, EOPNOTSUPP and so on (listxattr(2))
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static List<String> list(Path path, Deadline deadline) throws IOException {
    return XattrCalls.list(null, path, deadline.nanoTime());
  }

  /**
   * Returns the names of all attributes. Suspends.
   *
   * @param file an open file
   * @return those that the process may see, with their namespaces
   * @throws ErrnoException ENOENT, EOPNOTSUPP and so on (listxattr(2))
   * @throws UnsupportedOperationException on a selector
   */
  public static List<String> list(File file) throws IOException {
    return list(file, Deadline.NEVER);
  }

  /**
   * As {@link #list(File)}; waits until {@code deadline} at most. Suspends.
   *
   * @param file an open file
   * @param deadline when to stop waiting
   * @return those that the process may see, with their namespaces
   * @throws ErrnoException ENOENT, EOPNOTSUPP and so on (listxattr(2))
   * @throws UnsupportedOperationException on a selector
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static List<String> list(File file, Deadline deadline) throws IOException {
    return XattrCalls.list(Endpoint.IN.of(file), file, deadline.nanoTime());
  }
}

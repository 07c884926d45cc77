// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.DirectoryBatch;
import dev.weft.internal.backend.FileAttributes;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.PathRequest;
import dev.weft.internal.fs.FileNames;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.strand.Operations;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import org.jspecify.annotations.Nullable;

/**
 * Operations on names of files, in an open directory or, if that is null, in the working directory.
 * Each suspends.
 */
public final class PathCalls {
  public static final int PERMISSIONS_OF_DIRECTORY = 0777; // mkdir(2) subtracts the umask

  private PathCalls() {}

  /** The bytes of a path of the default file system. */
  public static byte[] bytes(Path path) {
    if (path.getFileSystem() != FileSystems.getDefault()) {
      throw new ProviderMismatchException("not a path of the default file system: " + path);
    }
    return FileNames.bytes(path);
  }

  public static Strand enter(@Nullable Endpoint directory, String verb) throws IOException {
    return directory == null ? Strand.require(verb) : directory.enter(verb);
  }

  public static @Nullable Handle handle(@Nullable Endpoint directory) {
    return directory == null ? null : directory.handle();
  }

  /** Opens a file or directory; the endpoint stays without a descriptor if that fails. */
  public static void open(
      @Nullable Endpoint directory,
      Endpoint opened,
      Path path,
      int flags,
      int permissions,
      long deadline)
      throws IOException {
    byte[] name = bytes(path);
    Strand strand = enter(directory, "open");
    StackReserve.check();
    Backend backend = strand.loop.backend();
    int result;
    backend.beginBlocking();
    try {
      Op op = strand.waiting.op().open(handle(directory), name, flags, permissions);
      result = Operations.performRepeatedly(strand, "open", path, op, deadline, WaitMode.EXTERNAL);
    } finally {
      backend.endBlocking();
    }
    if (result < 0) {
      throw new ErrnoException("open", path.toString(), -result);
    }
    opened.open(result);
  }

  public static FileAttributes stat(
      @Nullable Endpoint directory, Path path, boolean follows, long deadline) throws IOException {
    FileAttributes attributes = new FileAttributes();
    int result = stat(directory, path, follows, attributes, deadline);
    if (result < 0) {
      throw new ErrnoException("stat", path.toString(), -result);
    }
    return attributes;
  }

  public static boolean exists(@Nullable Endpoint directory, Path path, long deadline)
      throws IOException {
    return stat(directory, path, true, new FileAttributes(), deadline) >= 0;
  }

  private static int stat(
      @Nullable Endpoint directory,
      Path path,
      boolean follows,
      FileAttributes target,
      long deadline)
      throws IOException {
    byte[] name = bytes(path);
    int flags = follows ? PathRequest.FOLLOW : 0;
    Strand strand = enter(directory, "stat");
    return perform(
        strand, "stat", path, PathRequest.stat(handle(directory), name, flags, target), deadline);
  }

  public static void createDirectory(
      @Nullable Endpoint directory, Path path, int permissions, long deadline) throws IOException {
    byte[] name = bytes(path);
    Strand strand = enter(directory, "mkdir");
    PathRequest request = PathRequest.makeDirectory(handle(directory), name, permissions);
    check("mkdir", path, perform(strand, "mkdir", path, request, deadline));
  }

  public static void setPermissions(
      @Nullable Endpoint directory, Path path, int permissions, long deadline) throws IOException {
    byte[] name = bytes(path);
    Strand strand = enter(directory, "chmod");
    PathRequest request = PathRequest.setPermissions(handle(directory), name, permissions);
    check("chmod", path, perform(strand, "chmod", path, request, deadline));
  }

  public static void delete(@Nullable Endpoint directory, Path path, long deadline)
      throws IOException {
    remove("unlink", directory, path, 0, deadline);
  }

  public static void deleteDirectory(@Nullable Endpoint directory, Path path, long deadline)
      throws IOException {
    remove("rmdir", directory, path, PathRequest.DIRECTORY, deadline);
  }

  private static void remove(
      String verb, @Nullable Endpoint directory, Path path, int flags, long deadline)
      throws IOException {
    byte[] name = bytes(path);
    Strand strand = enter(directory, verb);
    PathRequest request = PathRequest.remove(handle(directory), name, flags);
    check(verb, path, perform(strand, verb, path, request, deadline));
  }

  /** Renames a file; {@code flags} are those of a {@link PathRequest}. */
  public static void rename(
      @Nullable Endpoint directory,
      Path path,
      @Nullable Endpoint newDirectory,
      Path renamed,
      int flags,
      long deadline)
      throws IOException {
    byte[] name = bytes(path);
    byte[] newName = bytes(renamed);
    Strand strand = enter(directory, "rename");
    enter(newDirectory, "rename");
    if (flags != 0) {
      String what = flags == PathRequest.EXCHANGE ? "exchange" : "renameToNew";
      strand.loop.backend().require(Capability.RENAME_FLAGS, what);
    }
    PathRequest request =
        PathRequest.rename(handle(directory), name, handle(newDirectory), newName, flags);
    Pair pair = new Pair(path, renamed);
    check("rename", pair, perform(strand, "rename", pair, request, deadline));
  }

  public static void createLink(
      @Nullable Endpoint directory,
      Path link,
      @Nullable Endpoint existingDirectory,
      Path existing,
      long deadline)
      throws IOException {
    byte[] name = bytes(existing);
    byte[] newName = bytes(link);
    Strand strand = enter(directory, "link");
    enter(existingDirectory, "link");
    PathRequest request =
        PathRequest.link(handle(existingDirectory), name, handle(directory), newName, 0);
    Pair pair = new Pair(existing, link);
    check("link", pair, perform(strand, "link", pair, request, deadline));
  }

  public static void createSymbolicLink(
      @Nullable Endpoint directory, Path link, Path target, long deadline) throws IOException {
    byte[] content = bytes(target);
    byte[] name = bytes(link);
    Strand strand = enter(directory, "symlink");
    PathRequest request = PathRequest.symlink(content, handle(directory), name);
    check("symlink", link, perform(strand, "symlink", link, request, deadline));
  }

  /** The bytes of what a symbolic link leads to. */
  public static byte[] readLink(@Nullable Endpoint directory, Path path, long deadline)
      throws IOException {
    byte[] name = bytes(path);
    Strand strand = enter(directory, "readlink");
    PathRequest request = PathRequest.readLink(handle(directory), name);
    check("readlink", path, perform(strand, "readlink", path, request, deadline));
    return request.value();
  }

  /**
   * Reads the next entries of an open directory into {@code target}.
   *
   * @return their number, 0 at the end
   */
  public static int list(Endpoint directory, DirectoryBatch target, long deadline)
      throws IOException {
    Strand strand = directory.enter("list");
    directory.requireNoReader("list");
    directory.reading = true;
    try {
      Op op = strand.waiting.op().list(directory.handle(), target);
      return directory.check(
          "list",
          Operations.performRepeatedly(
              strand, "list", directory.name(), op, deadline, WaitMode.EXTERNAL));
    } finally {
      directory.reading = false;
    }
  }

  /** Two names in one message. */
  private record Pair(Path from, Path to) {
    @Override
    public String toString() {
      return from + " -> " + to;
    }
  }

  /** Returns at least 0, or -errno. */
  public static int perform(
      Strand strand, String verb, Object subject, PathRequest request, long deadline) {
    Op op = strand.waiting.op().onPath(request);
    return Operations.performRepeatedly(strand, verb, subject, op, deadline, WaitMode.EXTERNAL);
  }

  public static void check(String verb, Object subject, int result) throws ErrnoException {
    if (result < 0) {
      throw new ErrnoException(verb, subject.toString(), -result);
    }
  }
}

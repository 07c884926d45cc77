// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.error.Errno;
import dev.weft.internal.backend.FileAttributes;
import dev.weft.internal.backend.Opcode;
import dev.weft.internal.backend.PathRequest;
import dev.weft.internal.fs.FileNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;

/** Operations on names of files, by the calls of the JDK. */
final class PathWork {
  static final FileAttribute<?>[] NO_ATTRIBUTES = {};

  /** The permissions from the highest bit of the mode to the lowest. */
  private static final PosixFilePermission[] PERMISSIONS = PosixFilePermission.values();

  private static final LinkOption[] FOLLOW = {};
  private static final LinkOption[] NO_FOLLOW = {LinkOption.NOFOLLOW_LINKS};

  private PathWork() {}

  /** Whether the JDK has calls for it, which know neither open directories nor flags. */
  static boolean isSupported(PathRequest request) {
    return !request.isInDirectory()
        && !request.isOtherInDirectory()
        && !request.has(PathRequest.NO_REPLACE | PathRequest.EXCHANGE);
  }

  /** Carries out a request; returns 0, or -errno. */
  static int perform(Opcode opcode, PathRequest request, FileAttributes target) throws IOException {
    boolean isOne = opcode == Opcode.RENAME || opcode == Opcode.LINK || opcode == Opcode.SYMLINK;
    if (request.name().length == 0 || (isOne && request.otherName().length == 0)) {
      return -Errno.ENOENT.code();
    }
    Path path = FileNames.path(request.name());
    switch (opcode) {
      case STAT_PATH -> {
        boolean follows =
            request.has(PathRequest.FOLLOW) || FilePaths.demandsDirectory(request.name());
        FileStatus.of(path, target, follows ? FOLLOW : NO_FOLLOW);
      }
      case MAKE_DIRECTORY -> Files.createDirectory(path, permissions(path, request.permissions()));
      case REMOVE -> {
        return remove(path, request.has(PathRequest.DIRECTORY));
      }
      case SET_PERMISSIONS -> setPermissions(path, request.permissions());
      case RENAME -> rename(path, FileNames.path(request.otherName()));
      case LINK -> link(path, request);
      case SYMLINK -> Files.createSymbolicLink(FileNames.path(request.otherName()), path);
      case READ_LINK -> {
        return request.answer(FileNames.bytes(Files.readSymbolicLink(path)));
      }
      default -> {
        return XattrWork.perform(opcode, path, request);
      }
    }
    return 0;
  }

  /** The JDK removes both kinds by one call. */
  private static int remove(Path path, boolean directory) throws IOException {
    boolean found = Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
    if (found != directory && Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return directory ? -Errno.ENOTDIR.code() : -Errno.EISDIR.code();
    }
    Files.delete(path);
    return 0;
  }

  /** The JDK calls rename(2) only for an atomic move. */
  private static void rename(Path path, Path renamed) throws IOException {
    Files.move(path, renamed, StandardCopyOption.ATOMIC_MOVE);
  }

  /** The JDK does not follow a symbolic link. */
  private static void link(Path path, PathRequest request) throws IOException {
    Path existing = request.has(PathRequest.FOLLOW) ? path.toRealPath() : path;
    Files.createLink(FileNames.path(request.otherName()), existing);
  }

  /** Sets those permissions that the JDK knows. */
  static void setPermissions(Path path, int permissions) throws IOException {
    Files.setPosixFilePermissions(path, granted(permissions));
  }

  /** The permissions of a file that is made, before the umask; none if the system has none. */
  static FileAttribute<?>[] permissions(Path path, int permissions) {
    if (!path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      return NO_ATTRIBUTES;
    }
    return new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(granted(permissions))};
  }

  private static Set<PosixFilePermission> granted(int permissions) {
    Set<PosixFilePermission> granted = EnumSet.noneOf(PosixFilePermission.class);
    for (int i = 0; i < PERMISSIONS.length; i++) {
      if ((permissions & 1 << (PERMISSIONS.length - 1 - i)) != 0) {
        granted.add(PERMISSIONS[i]);
      }
    }
    return granted;
  }
}

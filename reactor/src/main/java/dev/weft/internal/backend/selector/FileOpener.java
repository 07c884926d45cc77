// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.error.Errno;
import dev.weft.internal.backend.FileType;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.fs.FileNames;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Opens one file with the options of a request. */
final class FileOpener {
  private static final FileStatus.Kind UNKNOWN = new FileStatus.Kind(FileType.OTHER, null);

  private final byte[] name;
  private final int flags;
  private final int permissions;
  private Path path = Path.of("");
  private FileStatus.@Nullable Kind kind;

  FileOpener(byte[] name, int flags, int permissions) {
    this.name = name;
    this.flags = flags;
    this.permissions = permissions;
  }

  private boolean has(int flag) {
    return (flags & flag) != 0;
  }

  /** Reads what there is of that name; returns 0, or -errno if it can't be opened. */
  int check() {
    if (name.length == 0) {
      return -Errno.ENOENT.code();
    }
    path = FileNames.path(name);
    FileStatus.Kind found = FileStatus.kind(path);
    kind = found;
    boolean isLink = has(OpenFlags.NO_FOLLOW) && Files.isSymbolicLink(path);
    if (FilePaths.demandsDirectory(name)
        || has(OpenFlags.DIRECTORY)) { // a Path has no slash at its end
      if (found == null) {
        return has(OpenFlags.CREATE) ? -Errno.EISDIR.code() : 0;
      }
      boolean isDirectory = found.type() == FileType.DIRECTORY && !isLink;
      return isDirectory ? 0 : -Errno.ENOTDIR.code();
    }
    return 0;
  }

  /** Whether {@link #open} can wait for another process, as it does for a named pipe. */
  boolean mayBlock() {
    FileStatus.Kind found = kind;
    return found != null && found.isStream();
  }

  /** The name, if it is that of a named pipe; otherwise null. */
  @Nullable Path namedPipe() {
    FileStatus.Kind found = kind;
    return found != null && found.type() == FileType.PIPE ? path : null;
  }

  FileEntry open() throws IOException {
    boolean write = has(OpenFlags.WRITE);
    boolean append = has(OpenFlags.APPEND) && write;
    FileChannel writer = null;
    FileChannel reader = null;
    boolean made = false;
    try {
      if (write) {
        writer = open(writeOptions(append));
        if (append && has(OpenFlags.TRUNCATE)) {
          writer.truncate(0);
        }
      }
      if (!write || (has(OpenFlags.READ) && (append || mayBlock()))) {
        // The JDK has no channel for both that appends, or can read while it writes.
        reader = open(EnumSet.of(StandardOpenOption.READ));
      }
      FileEntry entry = entry(reader, writer);
      made = true;
      return entry;
    } finally {
      if (!made) {
        close(writer);
        close(reader);
      }
    }
  }

  private static void close(@Nullable FileChannel channel) throws IOException {
    if (channel != null) {
      channel.close();
    }
  }

  private FileEntry entry(@Nullable FileChannel reader, @Nullable FileChannel writer) {
    FileStatus.Kind found = kind;
    if (found == null) {
      found = FileStatus.kind(path); // it has just been created
    }
    FileStatus.Kind known = found == null ? UNKNOWN : found;
    return known.isStream()
        ? new StreamEntry(path, flags, known, reader, writer)
        : new FileEntry(path, flags, known, reader, writer);
  }

  private Set<StandardOpenOption> writeOptions(boolean append) {
    Set<StandardOpenOption> options = EnumSet.of(StandardOpenOption.WRITE);
    if (has(OpenFlags.READ) && !append) {
      options.add(StandardOpenOption.READ);
    }
    if (append) {
      options.add(StandardOpenOption.APPEND);
    } else if (has(OpenFlags.TRUNCATE)) {
      options.add(StandardOpenOption.TRUNCATE_EXISTING);
    }
    if (has(OpenFlags.CREATE)) {
      options.add(
          has(OpenFlags.EXCLUSIVE) ? StandardOpenOption.CREATE_NEW : StandardOpenOption.CREATE);
    }
    if (has(OpenFlags.SYNC)) {
      options.add(StandardOpenOption.SYNC);
    }
    if (has(OpenFlags.SYNC_DATA)) {
      options.add(StandardOpenOption.DSYNC);
    }
    return options;
  }

  private FileChannel open(Set<StandardOpenOption> options) throws IOException {
    boolean creates =
        options.contains(StandardOpenOption.CREATE)
            || options.contains(StandardOpenOption.CREATE_NEW);
    FileAttribute<?>[] attributes =
        creates ? PathWork.permissions(path, permissions) : PathWork.NO_ATTRIBUTES;
    Set<OpenOption> wanted = new HashSet<>(options);
    if (has(OpenFlags.NO_FOLLOW)) {
      wanted.add(LinkOption.NOFOLLOW_LINKS);
    }
    return FileChannel.open(path, wanted, attributes);
  }
}

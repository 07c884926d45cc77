// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.error.Errno;
import dev.weft.internal.backend.DirectoryBatch;
import dev.weft.internal.backend.FileType;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.backend.PollEvents;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** An open file or directory, whose operations a thread carries out. */
class FileEntry extends Entry {
  private static final int EISDIR = -Errno.EISDIR.code();
  private static final int ESPIPE = -Errno.ESPIPE.code();
  private static final int ENOTDIR = -Errno.ENOTDIR.code();

  private final Path path;
  private final int flags;
  private final FileStatus.Kind kind;
  private final @Nullable FileChannel reader;

  /** The same as {@link #reader}, except for a file that is read and appended to. */
  private final @Nullable FileChannel writer;

  /** The entries of a directory that is being listed. */
  private final DirectoryEntries entries = new DirectoryEntries();

  FileEntry(
      Path path,
      int flags,
      FileStatus.Kind kind,
      @Nullable FileChannel reader,
      @Nullable FileChannel writer) {
    this.path = path;
    this.flags = flags;
    this.kind = kind;
    this.reader = reader;
    this.writer = writer;
  }

  Path path() {
    return path;
  }

  /** The identity of the file, or null if the system has none. */
  @Nullable Object key() {
    return kind.key();
  }

  @Override
  FileType type() {
    return kind.type();
  }

  @Override
  int openFlags() {
    return flags;
  }

  private boolean isSeekable() {
    return type() != FileType.PIPE && type() != FileType.SOCKET;
  }

  boolean isReadable() {
    return (flags & OpenFlags.READ) != 0;
  }

  boolean isWritable() {
    return (flags & OpenFlags.WRITE) != 0;
  }

  /** The channel to read from; it exists if the file is readable. */
  FileChannel reader() throws IOException {
    FileChannel found = reader != null ? reader : writer;
    if (found == null) {
      throw new java.nio.channels.ClosedChannelException();
    }
    return found;
  }

  FileChannel writer() throws IOException {
    FileChannel found = writer != null ? writer : reader;
    if (found == null) {
      throw new java.nio.channels.ClosedChannelException();
    }
    return found;
  }

  @Override
  int start(SelectorBackend backend, Request request) {
    Op op = request.op;
    return switch (op.opcode()) {
      case READ -> {
        if (!isReadable()) {
          yield EBADF;
        }
        yield type() == FileType.DIRECTORY ? EISDIR : read(backend, request);
      }
      case WRITE -> isWritable() ? write(backend, request) : EBADF;
      case STAT, SYNC, SYNC_DATA -> work(backend, request);
      case WRITE_BACK -> isSeekable() ? work(backend, request) : ESPIPE;
      case ADVISE -> isSeekable() ? 0 : ESPIPE; // the JDK can't give the hint
      case TRUNCATE -> isWritable() && type() == FileType.REGULAR ? work(backend, request) : EINVAL;
      case SET_PERMISSIONS -> work(backend, request);
      case LIST -> type() == FileType.DIRECTORY ? work(backend, request) : ENOTDIR;
      case POLL -> poll(backend, request);
      case SPLICE -> UNSUPPORTED;
      default -> ENOTSOCK;
    };
  }

  /** Lists the next entries of the directory; returns their number. Blocks. */
  final int list(DirectoryBatch target) throws IOException {
    return entries.list(path, target);
  }

  /** Sets the size of the file; returns 0, or -errno. Blocks. */
  final int truncate(long size) throws IOException {
    FileChannel channel = writer();
    if (channel.size() >= size) {
      long position = channel.position();
      channel.truncate(size);
      channel.position(position); // the JDK moves it to the end
      return 0;
    }
    if ((flags & OpenFlags.APPEND) != 0) {
      return UNSUPPORTED; // what is written at a position would be appended
    }
    channel.write(ByteBuffer.allocate(1), size - 1); // the JDK can't make a file longer otherwise
    return 0;
  }

  /** Sets the permissions of the file, which the JDK finds by its name alone. Blocks. */
  final int setPermissions(int permissions) throws IOException {
    FileStatus.Kind found = FileStatus.kind(path);
    if (found == null || !Objects.equals(found.key(), key())) {
      return -Errno.ENOENT.code();
    }
    PathWork.setPermissions(path, permissions);
    return 0;
  }

  int read(SelectorBackend backend, Request request) {
    if (request.length() == 0) {
      return 0;
    }
    request.staging = backend.memory.staging.take(request.length());
    return work(backend, request);
  }

  int write(SelectorBackend backend, Request request) {
    if (request.length() == 0) {
      return 0;
    }
    backend.memory.stage(request);
    return work(backend, request);
  }

  int poll(SelectorBackend backend, Request request) {
    return request.op.detail() & (PollEvents.READABLE | PollEvents.WRITABLE);
  }

  final int work(SelectorBackend backend, Request request) {
    return FileJob.start(backend, request);
  }

  @Override
  int cancel(SelectorBackend backend, Request request) {
    FileJob job = request.job;
    return job == null ? PENDING : job.cancel(backend);
  }

  @Override
  void close() throws IOException {
    try {
      entries.close();
      if (reader != null) {
        reader.close();
      }
    } finally {
      if (writer != null) {
        writer.close();
      }
    }
  }
}

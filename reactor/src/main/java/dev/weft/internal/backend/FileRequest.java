// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import org.jspecify.annotations.Nullable;

/** The requests of an {@link Op} about files, except for transfers of bytes. */
public abstract class FileRequest extends OpRequest {
  FileRequest() {}

  /** Begins a request: resets what another one may have set. */
  abstract Op request(Opcode opcode, @Nullable Handle target);

  /**
   * Opens a file; the result is its descriptor. It waits for the other end of a named pipe
   * (fifo(7)).
   *
   * @param directory where a relative path starts; the working directory if it is null
   * @param path the bytes of the name, without a NUL; not to be changed until the completion
   * @param flags see {@link OpenFlags}
   * @param permissions of a file that is created, before the umask
   */
  public final Op open(@Nullable Handle directory, byte[] path, int flags, int permissions) {
    request((flags & OpenFlags.DIRECT) == 0 ? Opcode.OPEN : Opcode.OPEN_DIRECT, directory);
    detail = flags & ~OpenFlags.DIRECT;
    this.permissions = permissions;
    return with(path);
  }

  /** As {@link #open(Handle, byte[], int, int)}, relative to the working directory. */
  public final Op open(byte[] path, int flags, int permissions) {
    return open(null, path, flags, permissions);
  }

  /** What {@code path} says: an operation on names of files. */
  public final Op onPath(PathRequest path) {
    request(path.opcode, path.directory);
    spliceSource = path.otherDirectory;
    spliceHandle = spliceSource == null ? Handle.NONE : spliceSource.number();
    return with(path);
  }

  /**
   * Reads the next entries of an open directory; the result is their number, 0 at the end. What is
   * added or removed meanwhile may be among them or not.
   */
  public final Op list(Handle directory, DirectoryBatch target) {
    return request(Opcode.LIST, directory).with(target);
  }

  /** Reads the attributes of an open file into {@code target}. */
  public final Op stat(Handle handle, FileAttributes target) {
    return request(Opcode.STAT, handle).with(target);
  }

  public final Op sync(Handle handle, boolean dataOnly) {
    return sync(handle, dataOnly, 0, 0);
  }

  /** Flushes at least a range; {@code length} 0 means all of the file. */
  public final Op sync(Handle handle, boolean dataOnly, long position, int length) {
    return request(dataOnly ? Opcode.SYNC_DATA : Opcode.SYNC, handle).range(position, length);
  }

  /**
   * Writes the changed pages of a range back.
   *
   * @param length 0 for all to the end of the file
   * @param waits whether it completes when they have been written, instead of begun
   */
  public final Op writeBack(Handle handle, long position, int length, boolean waits) {
    request(Opcode.WRITE_BACK, handle);
    detail = waits ? 1 : 0;
    return range(position, length);
  }

  /** Says how a range will be used; {@code length} 0 means all to the end of the file. */
  public final Op advise(Handle handle, long position, int length, FileAdvice advice) {
    return request(Opcode.ADVISE, handle).range(position, length).with(advice);
  }

  /** Changes the space that {@code bytes} from {@code position} on have. */
  public final Op allocate(Handle handle, long position, long bytes, Allocation how) {
    request(Opcode.ALLOCATE, handle);
    from = bytes;
    return range(position, 0).with(how);
  }
}

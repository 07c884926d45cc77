// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Allocation;
import dev.weft.internal.backend.DirectoryBatch;
import dev.weft.internal.backend.FileType;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.backend.PollEvents;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.NavigableMap;

/** An open file or directory, with its position. */
final class OpenFile extends OpenFileDescription {
  /** The longest file. */
  private static final long SIZE_MAX = 1L << 44;

  /** The most that a splice moves at once; more than a pipe holds. */
  private static final int TRANSFER_MAX = 1 << 21;

  final Node node;
  private final String path;
  private long position;

  /** The last name that a listing has given. */
  private String lastListed = "";

  OpenFile(Kernel kernel, Node node, String path, int flags) {
    super(kernel, flags);
    isNonBlocking = (flags & OpenFlags.NON_BLOCKING) != 0;
    this.node = node;
    this.path = path;
    node.opened();
  }

  @Override
  FileType type() {
    return node.type();
  }

  boolean isAppending() {
    return has(OpenFlags.APPEND);
  }

  boolean isPathOnly() {
    return has(OpenFlags.PATH);
  }

  private boolean has(int flag) {
    return (flags & flag) != 0;
  }

  /** Whether the file may be transferred to or from, as its flags say: 0 or -errno. */
  private int checkAligned(Request request, long at) {
    boolean refused =
        has(OpenFlags.DIRECT_IO)
            && (at % Node.DIRECT_ALIGNMENT != 0 || !request.isAligned(Node.DIRECT_ALIGNMENT));
    return refused ? failure(Errno.EINVAL) : 0;
  }

  /** ftruncate(2). */
  int truncate(long size) {
    if (isPathOnly()) {
      return failure(Errno.EBADF);
    }
    if (!isWritable() || node.directory) {
      return failure(Errno.EINVAL);
    }
    if (size > SIZE_MAX) {
      return failure(Errno.EFBIG);
    }
    node.content.resize(size);
    node.touch(kernel.now());
    return 0;
  }

  /** fallocate(2), as ext4 does it. */
  int allocate(Allocation how, long from, long bytes) {
    FileContent content = node.content;
    long end = from + bytes;
    int refusal = checkAllocation(how, from, bytes);
    if (refusal < 0) {
      return refusal;
    }
    switch (how) {
      case PUNCH_HOLE -> content.clear(from, end);
      case COLLAPSE -> content.collapse(from, bytes);
      case INSERT -> content.insert(from, bytes);
      default -> {
        if (how == Allocation.ZERO) {
          content.clear(from, end);
        }
        if (!content.allocate(from, end)) {
          return failure(Errno.ENOSPC);
        }
        if (how != Allocation.RESERVE && end > content.size()) {
          content.resize(end);
        }
      }
    }
    node.touch(kernel.now());
    return 0;
  }

  private int checkAllocation(Allocation how, long from, long bytes) {
    if (bytes <= 0) {
      return failure(Errno.EINVAL);
    }
    if (!isWritable()) {
      return failure(Errno.EBADF);
    }
    long size = node.content.size();
    boolean shifts = how == Allocation.COLLAPSE || how == Allocation.INSERT;
    if (from + bytes > SIZE_MAX || (how == Allocation.INSERT && size + bytes > SIZE_MAX)) {
      return failure(Errno.EFBIG);
    }
    boolean unaligned = from % Disk.BLOCK_BYTES != 0 || bytes % Disk.BLOCK_BYTES != 0;
    boolean reachesEnd = how == Allocation.COLLAPSE ? from + bytes >= size : from >= size;
    return shifts && (unaligned || reachesEnd) ? failure(Errno.EINVAL) : 0;
  }

  /** fchmod(2). */
  int setPermissions(int permissions) {
    return isPathOnly() ? failure(Errno.EBADF) : node.setPermissions(permissions, kernel.now());
  }

  @Override
  int read(Request request) {
    if (!isReadable()) {
      return failure(Errno.EBADF);
    }
    if (node.directory) {
      return failure(Errno.EISDIR);
    }
    boolean atPosition = request.position == Op.CURRENT_POSITION;
    long from = atPosition ? position : request.position;
    int refusal = checkAligned(request, from);
    if (refusal < 0) {
      return refusal;
    }
    int count = Math.clamp(node.content.size() - from, 0, request.length);
    if (count > 0) {
      count = kernel.shortened(count);
      request.store(node.content.read(from, count));
      if (!has(OpenFlags.NO_ACCESS_TIME)) {
        node.accessed = kernel.now();
      }
    }
    if (atPosition) {
      position += count;
    }
    return count;
  }

  /** getdents(2): the names come in their order, so that none comes twice. */
  int list(DirectoryBatch target) {
    target.clear();
    if (!node.directory) {
      return failure(Errno.ENOTDIR);
    }
    NavigableMap<String, Node> left = node.children.tailMap(lastListed, false);
    int count = left.isEmpty() ? 0 : kernel.shortened(left.size());
    for (Map.Entry<String, Node> entry : left.entrySet()) {
      if (target.count() == count) {
        break;
      }
      lastListed = entry.getKey();
      byte[] name = lastListed.getBytes(StandardCharsets.ISO_8859_1);
      target.add(name, entry.getValue().type(), entry.getValue().number);
    }
    return target.count();
  }

  @Override
  int write(Request request) {
    if (!isWritable()) {
      return failure(Errno.EBADF);
    }
    if (request.length == 0) {
      return 0;
    }
    boolean atPosition = request.position == Op.CURRENT_POSITION;
    // An append goes to the end even if a position is given (pwrite(2), "BUGS").
    long to = isAppending() ? node.content.size() : atPosition ? position : request.position;
    int refusal = checkAligned(request, to);
    if (refusal < 0) {
      return refusal;
    }
    if (to >= SIZE_MAX) {
      return failure(Errno.EFBIG);
    }
    long room = node.content.room(to, request.length);
    if (room == 0) {
      return failure(Errno.ENOSPC);
    }
    int count = kernel.shortened((int) room);
    put(request.load(0, count), to);
    if (atPosition) {
      position = to + count;
    }
    return count;
  }

  private void put(byte[] bytes, long to) {
    node.content.write(bytes, to);
    node.touch(kernel.now());
  }

  @Override
  int available() {
    long left = node.content.size() - position;
    return node.directory ? failure(Errno.EINVAL) : Math.clamp(left, 0, TRANSFER_MAX);
  }

  @Override
  int room() {
    if (isAppending()) {
      return failure(Errno.EINVAL);
    }
    long room = node.content.room(position, TRANSFER_MAX);
    return room > 0 ? (int) room : failure(Errno.ENOSPC);
  }

  long position() {
    return position;
  }

  @Override
  long seek(long to) {
    long before = position;
    position = to == Op.CURRENT_POSITION ? before : to;
    return before;
  }

  @Override
  byte[] takeBytes(int count) {
    byte[] taken = node.content.read(position, count);
    position += count;
    return taken;
  }

  @Override
  void putBytes(byte[] bytes) {
    put(bytes, position);
    position += bytes.length;
  }

  @Override
  int ready() {
    return PollEvents.READABLE | PollEvents.WRITABLE;
  }

  @Override
  void released() {
    node.closed();
  }

  @Override
  public String toString() {
    return "file " + path;
  }
}

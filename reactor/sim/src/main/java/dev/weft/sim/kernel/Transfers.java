// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import dev.weft.error.Errno;
import dev.weft.internal.backend.FileType;
import dev.weft.internal.backend.Op;
import java.util.Arrays;

/** Moves and copies bytes from one file to another: splice(2), tee(2), copy_file_range(2). */
final class Transfers {
  private static final int ESPIPE = -Errno.ESPIPE.code();
  private static final int EINVAL = -Errno.EINVAL.code();
  private static final int EBADF = -Errno.EBADF.code();

  private Transfers() {}

  /** Returns at least 0, -errno, or {@link Request#BLOCKED}. */
  static int perform(Request request, OpenFileDescription to) {
    OpenFileDescription from = request.source;
    assert from != null;
    return switch (request.opcode) {
      case SPLICE -> splice(request, from, to);
      case TEE -> tee(request, from, to);
      case COPY_RANGE -> copyRange(request, from, to);
      default -> cloneFile(from, to);
    };
  }

  private static int splice(Request request, OpenFileDescription from, OpenFileDescription to) {
    if (request.length == 0) {
      return 0;
    }
    if (!from.isReadable() || !to.isWritable()) {
      return EBADF;
    }
    boolean fromHere = request.sourcePosition == Op.CURRENT_POSITION;
    boolean toHere = request.position == Op.CURRENT_POSITION;
    PipeEnd pipe = from instanceof PipeEnd end ? end : to instanceof PipeEnd end ? end : null;
    if ((!fromHere && from instanceof PipeEnd) || (!toHere && to instanceof PipeEnd)) {
      return ESPIPE;
    }
    if (pipe == null || (from instanceof PipeEnd && pipe.isSamePipe(to))) {
      return EINVAL;
    }
    if ((!fromHere && !(from instanceof OpenFile)) || (!toHere && !(to instanceof OpenFile))) {
      return EINVAL;
    }
    long fromOwn = from.seek(request.sourcePosition);
    long toOwn = to.seek(request.position);
    int moved = move(request, from, to, false);
    if (!fromHere) {
      from.seek(fromOwn);
    }
    if (!toHere) {
      to.seek(toOwn);
    }
    return moved;
  }

  private static int tee(Request request, OpenFileDescription from, OpenFileDescription to) {
    if (!from.isReadable() || !to.isWritable()) {
      return EBADF;
    }
    if (!(from instanceof PipeEnd pipe) || !(to instanceof PipeEnd) || pipe.isSamePipe(to)) {
      return EINVAL;
    }
    return request.length == 0 ? 0 : move(request, from, to, true);
  }

  private static int move(
      Request request, OpenFileDescription from, OpenFileDescription to, boolean stays) {
    int room = to.room();
    // The kernel checks the sink first only if that is the pipe.
    if (room < 0 && (to instanceof PipeEnd || to instanceof OpenFile)) {
      return room;
    }
    int available = from.available();
    if (available <= 0) {
      return available;
    }
    if (room < 0) {
      return room;
    }
    int count = to.kernel.shortened(Math.min(request.length, Math.min(available, room)));
    to.putBytes(stays ? ((PipeEnd) from).peekBytes(count) : from.takeBytes(count));
    return count;
  }

  private static int checkFiles(OpenFileDescription from, OpenFileDescription to) {
    if (from.type() == FileType.DIRECTORY || to.type() == FileType.DIRECTORY) {
      return -Errno.EISDIR.code();
    }
    return from.type() == FileType.REGULAR && to.type() == FileType.REGULAR ? 0 : EINVAL;
  }

  private static int copyRange(Request request, OpenFileDescription from, OpenFileDescription to) {
    int refusal = checkFiles(from, to);
    if (refusal < 0) {
      return refusal;
    }
    OpenFile source = (OpenFile) from;
    OpenFile target = (OpenFile) to;
    if (!source.isReadable() || !target.isWritable() || target.isAppending()) {
      return EBADF;
    }
    long fromOwn = source.seek(request.sourcePosition);
    int count = Math.min(source.available(), request.length);
    long start = source.position();
    byte[] bytes = source.takeBytes(target.kernel.shortened(count));
    long end = source.seek(fromOwn);
    long toOwn = target.seek(request.position);
    int room = target.room();
    boolean overlaps =
        source.node == target.node
            && start < target.position() + count
            && target.position() < start + count;
    int moved = overlaps ? EINVAL : room < 0 ? room : Math.min(room, bytes.length);
    if (moved > 0) {
      target.putBytes(moved < bytes.length ? Arrays.copyOf(bytes, moved) : bytes);
    }
    if (request.position != Op.CURRENT_POSITION) {
      target.seek(toOwn);
    }
    if (request.sourcePosition == Op.CURRENT_POSITION && moved > 0) {
      source.seek(end - bytes.length + moved);
    }
    return moved;
  }

  /** As on a file system whose files can't share what they have on disk. */
  private static int cloneFile(OpenFileDescription from, OpenFileDescription to) {
    int refusal = checkFiles(from, to);
    if (refusal < 0) {
      return refusal;
    }
    OpenFile target = (OpenFile) to;
    boolean isOpen = from.isReadable() && to.isWritable() && !target.isAppending();
    return isOpen ? -Errno.EOPNOTSUPP.code() : EBADF;
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import dev.weft.bindings.statx;
import dev.weft.bindings.statx_timestamp;
import dev.weft.bindings.weft_h;
import dev.weft.fs.FileStat.Kind;
import dev.weft.internal.backend.Op;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.mem.Memory;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Instant;

/** Calls statx(2) on an open file and decodes the structure that it fills. */
final class StatxDecoder {
  private static final int PERMISSION_BITS = 07777;

  /** With AT_EMPTY_PATH it stands for the descriptor itself. */
  private static final MemorySegment EMPTY_PATH = Arena.global().allocateFrom("");

  static {
    assert statx.sizeof() <= Op.SCRATCH_BYTES;
  }

  private StatxDecoder() {}

  /** Reads the attributes of an open file. Suspends. */
  static FileStat read(Strand strand, Endpoint endpoint, long deadline) throws IOException {
    Op op = strand.op();
    op.status(
        endpoint.handle(),
        EMPTY_PATH.address(),
        weft_h.AT_EMPTY_PATH(),
        weft_h.STATX_BASIC_STATS(),
        op.scratch());
    endpoint.check(
        "stat", strand.performRepeatedly("stat", endpoint.name(), op, deadline, WaitMode.EXTERNAL));
    return decode(Memory.at(op.scratch(), statx.sizeof()));
  }

  private static FileStat decode(MemorySegment status) {
    int mode = Short.toUnsignedInt(statx.stx_mode(status));
    return new FileStat(
        kind(mode & weft_h.S_IFMT()),
        mode & PERMISSION_BITS,
        statx.stx_size(status),
        statx.stx_blocks(status) * 512, // in units of 512 bytes, whatever the block size
        statx.stx_nlink(status),
        statx.stx_ino(status),
        statx.stx_uid(status),
        statx.stx_gid(status),
        time(statx.stx_mtime(status)),
        time(statx.stx_atime(status)),
        time(statx.stx_ctime(status)));
  }

  private static Kind kind(int type) {
    if (type == weft_h.S_IFREG()) {
      return Kind.REGULAR;
    }
    if (type == weft_h.S_IFDIR()) {
      return Kind.DIRECTORY;
    }
    if (type == weft_h.S_IFLNK()) {
      return Kind.LINK;
    }
    if (type == weft_h.S_IFIFO()) {
      return Kind.PIPE;
    }
    if (type == weft_h.S_IFSOCK()) {
      return Kind.SOCKET;
    }
    if (type == weft_h.S_IFCHR()) {
      return Kind.CHARACTER_DEVICE;
    }
    return type == weft_h.S_IFBLK() ? Kind.BLOCK_DEVICE : Kind.OTHER;
  }

  private static Instant time(MemorySegment timestamp) {
    return Instant.ofEpochSecond(
        statx_timestamp.tv_sec(timestamp), statx_timestamp.tv_nsec(timestamp));
  }
}

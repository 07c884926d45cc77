// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import dev.weft.bindings.statx;
import dev.weft.bindings.statx_timestamp;
import dev.weft.bindings.weft_h;
import dev.weft.internal.backend.FileAttributes;
import dev.weft.internal.mem.Memory;
import java.lang.foreign.MemorySegment;
import java.time.Instant;

/** Decodes the structure that statx(2) fills. */
final class StatxDecoder {
  private static final int PERMISSION_BITS = 07777;

  /** The unit of {@code stx_blocks}, whatever the block size. */
  private static final int BLOCK_BYTES = 512;

  private StatxDecoder() {}

  /** Decodes the {@code struct statx} at {@code address} into {@code target}. */
  static void decode(long address, FileAttributes target) {
    MemorySegment status = Memory.at(address, statx.sizeof());
    int mode = Short.toUnsignedInt(statx.stx_mode(status));
    target.type = KernelCodes.fileType(mode);
    target.permissions = mode & PERMISSION_BITS;
    target.sizeBytes = statx.stx_size(status);
    target.allocatedBytes = statx.stx_blocks(status) * BLOCK_BYTES;
    target.links = statx.stx_nlink(status);
    target.inode = statx.stx_ino(status);
    target.device = device(statx.stx_dev_major(status), statx.stx_dev_minor(status));
    target.owner = statx.stx_uid(status);
    target.group = statx.stx_gid(status);
    boolean knowsAlignment = (statx.stx_mask(status) & weft_h.STATX_DIOALIGN()) != 0;
    target.directMemoryAlignment = knowsAlignment ? statx.stx_dio_mem_align(status) : -1;
    target.directPositionAlignment = knowsAlignment ? statx.stx_dio_offset_align(status) : -1;
    target.modified = time(statx.stx_mtime(status));
    target.accessed = time(statx.stx_atime(status));
    target.changed = time(statx.stx_ctime(status));
  }

  /** As makedev(3). */
  private static long device(long major, long minor) {
    return (major & ~0xfffL) << 32 | (major & 0xfff) << 8 | (minor & ~0xffL) << 12 | (minor & 0xff);
  }

  private static Instant time(MemorySegment timestamp) {
    return Instant.ofEpochSecond(
        statx_timestamp.tv_sec(timestamp), statx_timestamp.tv_nsec(timestamp));
  }
}

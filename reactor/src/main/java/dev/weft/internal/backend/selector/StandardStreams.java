// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.error.Errno;
import dev.weft.internal.mem.Memory;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Blocking reads and writes of the process's standard streams, without the native library. Unlike
 * channels, these streams of the JDK stay open when the thread is interrupted.
 */
public final class StandardStreams {
  private static final FileInputStream IN = new FileInputStream(FileDescriptor.in);
  private static final FileOutputStream OUT = new FileOutputStream(FileDescriptor.out);
  private static final FileOutputStream ERR = new FileOutputStream(FileDescriptor.err);

  /** What a pipe that does not block takes as a whole or not at all (PIPE_BUF). */
  private static final int WRITE_BYTES_MAX = 4096;

  private StandardStreams() {}

  /**
   * Reads bytes to an address in pages; blocks the thread.
   *
   * @return their number, 0 at the end, or -errno
   */
  public static int read(int number, long address, int length) {
    if (number != 0) {
      return -Errno.EBADF.code();
    }
    byte[] bytes = new byte[length];
    try {
      int count = Math.max(IN.read(bytes), 0);
      Memory.set(address, bytes, 0, count);
      return count;
    } catch (IOException e) {
      return -ErrnoOfFailure.code(e);
    }
  }

  /**
   * Writes bytes at an address in pages; blocks the thread.
   *
   * @return the number of those written, or -errno
   */
  public static int write(int number, long address, int length) {
    if (number != 1 && number != 2) {
      return -Errno.EBADF.code();
    }
    byte[] bytes = new byte[Math.min(length, WRITE_BYTES_MAX)];
    MemorySegment source = Memory.inPages(address, bytes.length);
    MemorySegment.copy(source, ValueLayout.JAVA_BYTE, 0, bytes, 0, bytes.length);
    try {
      (number == 1 ? OUT : ERR).write(bytes);
      return bytes.length;
    } catch (IOException e) {
      return -ErrnoOfFailure.code(e);
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import java.util.Arrays;

/** A FIFO queue of bytes in transit. */
final class ByteQueue {
  private byte[] bytes = new byte[64];
  private int first;
  private int size;

  int size() {
    return size;
  }

  void add(byte[] more) {
    int end = first + size;
    if (end + more.length > bytes.length) {
      byte[] larger =
          size + more.length > bytes.length
              ? new byte[Math.max(bytes.length * 2, size + more.length)]
              : bytes;
      System.arraycopy(bytes, first, larger, 0, size);
      bytes = larger;
      first = 0;
      end = size;
    }
    System.arraycopy(more, 0, bytes, end, more.length);
    size += more.length;
  }

  /** The first {@code count} bytes, which stay. */
  byte[] peek(int count) {
    assert count <= size : count;
    return Arrays.copyOfRange(bytes, first, first + count);
  }

  byte[] take(int count) {
    byte[] taken = peek(count);
    first += count;
    size -= count;
    return taken;
  }

  void clear() {
    size = 0;
  }
}

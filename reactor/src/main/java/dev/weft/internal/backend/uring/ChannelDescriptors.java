// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import dev.weft.error.Errno;
import dev.weft.internal.backend.FileType;
import dev.weft.internal.os.Libc;
import java.io.File;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;

/**
 * Finds the descriptors of channels of the JDK, which does not show them: those of a connection are
 * the only sockets of the process with its two addresses.
 */
final class ChannelDescriptors {
  private static final File DESCRIPTORS = new File("/proc/self/fd"); // proc(5)
  private static final int UNSUPPORTED = -Errno.EOPNOTSUPP.code();

  private ChannelDescriptors() {}

  /** Duplicates the descriptor of a connection and closes the channel; returns it, or -errno. */
  static int adopt(SocketChannel channel, long scratch) {
    try {
      int copy = duplicate(channel, scratch);
      if (copy >= 0) {
        channel.close();
      }
      return copy;
    } catch (IOException e) {
      return -Errno.EBADF.code(); // it has been closed
    }
  }

  private static int duplicate(SocketChannel channel, long scratch) throws IOException {
    SocketAddress local = channel.getLocalAddress();
    SocketAddress remote = channel.getRemoteAddress();
    String[] names = DESCRIPTORS.list();
    if (names == null) {
      return UNSUPPORTED;
    }
    for (String name : names) {
      int number = Integer.parseInt(name);
      if (connects(number, local, remote, scratch)) {
        int copy = Libc.duplicate(number);
        // Another thread may have closed the number, and opened it again, in between.
        if (copy < 0 || connects(copy, local, remote, scratch)) {
          return copy;
        }
        Libc.close(copy);
      }
    }
    return UNSUPPORTED;
  }

  private static boolean connects(
      int number, SocketAddress local, SocketAddress remote, long scratch) {
    int type = Libc.fileType(number);
    if (type < 0 || KernelCodes.fileType(type) != FileType.SOCKET) {
      return false;
    }
    int length = Libc.peerName(number, scratch, SocketAddresses.BYTES_MAX);
    if (length < 0 || !remote.equals(SocketAddresses.decode(scratch, length))) {
      return false;
    }
    length = Libc.localName(number, scratch, SocketAddresses.BYTES_MAX);
    return length >= 0 && local.equals(SocketAddresses.decode(scratch, length));
  }
}

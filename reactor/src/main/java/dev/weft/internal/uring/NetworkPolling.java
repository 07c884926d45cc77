// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.weft.bindings.io_uring;
import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import dev.weft.error.ReactorUnavailableException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** NAPI busy polling of a ring: io_uring_register_napi(3), which liburing 2.3 does not have. */
final class NetworkPolling {
  private static final int IORING_REGISTER_NAPI = 27;

  /** {@code struct io_uring_napi}: a time in microseconds, then fields that may be zero. */
  private static final int BYTES = 16;

  private NetworkPolling() {}

  /**
   * Lets waits of a ring poll the devices of its sockets.
   *
   * @throws ReactorUnavailableException if the kernel can't do it
   */
  static void start(MemorySegment ring, int micros, Arena arena)
      throws ReactorUnavailableException {
    MemorySegment napi = arena.allocate(BYTES, Integer.BYTES);
    napi.set(JAVA_INT, 0, micros);
    int result = weft_h.io_uring_register(io_uring.ring_fd(ring), IORING_REGISTER_NAPI, napi, 1);
    if (result < 0) {
      Errno errno = Errno.of(-result);
      String cause =
          switch (errno) {
            case EINVAL -> "the kernel is older than Linux 6.9";
            case EOPNOTSUPP -> "the kernel is built without CONFIG_NET_RX_BUSY_POLL";
            default -> errno.text();
          };
      throw new ReactorUnavailableException(
          "network polling: " + cause + " (" + errno + ")", errno);
    }
  }
}

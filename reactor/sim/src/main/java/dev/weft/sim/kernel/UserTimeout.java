// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

/**
 * Ends a connection if the other end acknowledges nothing for the user timeout (TCP_USER_TIMEOUT).
 */
final class UserTimeout {
  private final Socket socket;

  /** Whether it has been scheduled. */
  private boolean isWatched;

  UserTimeout(Socket socket) {
    this.socket = socket;
  }

  /** Looks after the connection for as long as what was sent is not taken. */
  void watch() {
    long limit = socket.options.userTimeoutNanos();
    if (limit == 0 || isWatched || !socket.isHeldUp()) {
      return;
    }
    isWatched = true;
    long before = socket.taken;
    Kernel kernel = socket.kernel;
    kernel.later(
        kernel.now() + limit,
        () -> {
          isWatched = false;
          if (socket.isHeldUp() && socket.taken == before) {
            socket.timeOut();
          } else {
            watch();
          }
        });
  }
}

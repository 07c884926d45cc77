// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.soak;

import dev.weft.error.Errno;
import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroThread;

/** Echoes its input, as a micro-thread. */
final class EchoThread extends MicroThread {
  private static final int BYTES = 2048;

  @Override
  protected void run() throws Exception {
    MicroBlock block = calloc(1, BYTES);
    for (int size; (size = pollread()) > 0; ) {
      int length = read(block, Math.min(size, BYTES));
      write(block, length);
      flush();
    }
  }

  @Override
  protected void lastly() {
    Errno errno = errno();
    if (errno != null && errno != Errno.ECONNRESET && errno != Errno.EPIPE) {
      perror("echo");
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro;

import dev.weft.error.Errno;
import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroThread;

/** Reads its input in the pieces in which it arrives. */
final class PollRead extends MicroThread {
  @Override
  protected void run() throws Exception {
    MicroBlock line = calloc(1, 1024);
    readChunk(line, "1st");
    readChunk(line, "2nd");
  }

  private void readChunk(MicroBlock line, String which) throws Exception {
    int size = pollread();
    if (size > 1023) {
      raise(Errno.ERANGE);
    }
    logf("LOG size of %s chunk: %d\n", which, size);
    if (read(line, size) != size) {
      raise(Errno.EPIPE);
    }
  }

  @Override
  protected void lastly() {
    if (errno() != null) {
      perror("LOG pollreading");
    }
  }

  public static void main(String[] args) throws Exception {
    Launch.in(args, new PollRead(), 26);
  }
}

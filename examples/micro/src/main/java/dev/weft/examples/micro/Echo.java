// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro;

import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroThread;

/** Echoes each line, with its number. */
final class Echo extends MicroThread {
  private static final int LINE_BYTES = 1024;

  @Override
  protected void run() throws Exception {
    MicroBlock line = calloc(1, LINE_BYTES);
    MicroBlock number = calloc(1, 32);
    int length;
    for (int i = 0; (length = readline(line, LINE_BYTES)) > 0; i++) {
      writef(number, 32, "Line %d: ", i);
      write(line, length);
    }
  }

  @Override
  protected void lastly() {
    if (errno() != null) {
      perror("echo");
    }
  }

  public static void main(String[] args) throws Exception {
    Launch.in(args, new Echo(), 26);
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro;

import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroThread;

/** Writes a message: its protocol, its size, its body. */
final class Write extends MicroThread {
  @Override
  protected void run() throws Exception {
    MicroBlock line = calloc(1, 1024);
    MicroBlock body = calloc(1, 1024);
    int size = body.setString("1234567890");

    literal("MyProto 1.0\n");
    writef(line, 1023, "%d\n", size);
    write(body, size);
    flush();
  }

  @Override
  protected void lastly() {
    if (errno() != null) {
      perror("writing");
    }
  }

  public static void main(String[] args) throws Exception {
    Launch.in(args, new Write(), 34);
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro;

import dev.weft.error.Errno;
import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroThread;

/** Passes on what {@link Write} writes: reads the head, forwards the body. */
final class Forward extends MicroThread {
  @Override
  protected void run() throws Exception {
    MicroBlock line = calloc(1, 1024);

    int length = readline(line, 1023);
    if (!line.string(length).equals("MyProto 1.0\n")) {
      raise(Errno.EINVAL);
    }
    length = readline(line, 1023);
    int size = Sizes.parse(line.string(length));
    if (size < 0) {
      raise(Errno.EINVAL);
    }
    logf("LOG header size: %d\n", size);

    literal("MyProto 1.0\n");
    writef(line, 1023, "%d\n", size);
    forward(size);
    flush();
  }

  @Override
  protected void lastly() {
    if (errno() != null) {
      perror("LOG forwarding");
    }
  }

  public static void main(String[] args) throws Exception {
    Launch.in(args, new Forward(), 34);
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro;

import dev.weft.error.Errno;
import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroThread;

/** Reads what {@link Write} writes. */
final class Read extends MicroThread {
  @Override
  protected void run() throws Exception {
    MicroBlock line = calloc(1, 1024);
    MicroBlock body = calloc(1, 1024);

    int length = readline(line, 1023);
    if (!line.string(length).equals("MyProto 1.0\n")) {
      raise(Errno.EINVAL);
    }
    length = readline(line, 1023);
    int size = Sizes.parse(line.string(length));
    if (size < 0) {
      raise(Errno.EINVAL);
    }
    if (size > 1023) {
      raise(Errno.ERANGE);
    }
    logf("LOG header size: %d\n", size);

    if (read(body, size) != size) {
      raise(Errno.EPIPE);
    }
    logf("LOG body: %s\n", body.string(size));
  }

  @Override
  protected void lastly() {
    if (errno() != null) {
      perror("LOG reading");
    }
  }

  public static void main(String[] args) throws Exception {
    Launch.in(args, new Read(), 34);
  }
}

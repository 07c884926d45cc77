// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial.guide;

import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroThread;

/** A micro-thread that writes what it reads, line by line. */
final class EchoThread extends MicroThread {
  @Override
  protected void run() throws Exception {
    MicroBlock line = calloc(1, 1024);
    for (int length; (length = readline(line, 1024)) > 0; ) {
      write(line, length);
    }
  }
}

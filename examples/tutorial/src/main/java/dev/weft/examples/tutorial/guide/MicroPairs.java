// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial.guide;

import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroPair;
import dev.weft.micro.MicroProcess;
import dev.weft.micro.MicroSocket;
import dev.weft.micro.MicroThread;

/** A thread that talks to a thread of another process. */
final class MicroPairs extends MicroThread {
  @Override
  protected void run() throws Exception {
    MicroPair pair = pair();
    MicroProcess.start(new EchoThread(), MicroOptions.ofPages(26), pair.second());
    MicroSocket echo = adopt(pair.first()); // or accepted(thread, pair.first()) for a sibling
    echo.literal("hello\n");
    echo.txClose();
    echo.pollread(6);
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro;

import dev.weft.error.Errno;
import dev.weft.micro.MicroThread;

/** Writes to the log. */
final class Log extends MicroThread {
  @Override
  protected boolean isDebugging() {
    return true;
  }

  @Override
  protected void run() {
    logf("LOG test %d\n", 1);
    log("LOG test");
    errno(Errno.EINVAL);
    perror("LOG test");

    dbgf("LOG debug %d\n", 1);
    dbg("LOG debug");
    errno(Errno.EINVAL);
    dbgPerror("LOG debug");
  }

  public static void main(String[] args) throws Exception {
    Launch.in(args, new Log(), 34);
  }
}

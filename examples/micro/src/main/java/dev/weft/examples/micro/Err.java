// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro;

import dev.weft.error.Errno;
import dev.weft.micro.MicroThread;

/** Raises an error and lowers it. */
final class Err extends MicroThread {
  @Override
  protected void run() throws Exception {
    log("LOG Before error is raised.");
    errno(Errno.ENOENT);
    perror("LOG somefunction");
    error();

    log("LOG After error is raised.");
  }

  @Override
  protected void lastly() {
    if (errno() != null) {
      perror("LOG Caught error");
      lower();
    } else {
      log("LOG Error is cleaned up.");
    }
  }

  public static void main(String[] args) throws Exception {
    Launch.in(args, new Err(), 34);
  }
}

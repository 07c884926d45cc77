// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro;

import dev.weft.micro.MicroThread;

/** Divides by zero once, and tries again. */
final class Err2 extends MicroThread {
  private int zero;
  private boolean erred;
  private int quotient;

  @Override
  protected void run() {
    log("LOG Before signal is raised.");
    if (!erred) {
      log("LOG Generating signal.");
      quotient = 5 / zero;
      logf("LOG Not reached: %d\n", quotient);
    } else {
      log("LOG Signal is not generated.");
    }
    log("LOG After signal is raised.");
  }

  @Override
  protected void lastly() {
    if (errno() != null) {
      perror("LOG Caught signal");
      sigerror();
      erred = true;
      lower();
    } else {
      log("LOG Signal is cleaned up.");
    }
  }

  public static void main(String[] args) throws Exception {
    Launch.in(args, new Err2(), 26);
  }
}

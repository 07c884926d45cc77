// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro;

import dev.weft.micro.MicroStatus;
import dev.weft.micro.MicroThread;

/** Yields after each line. In the local executor the first yield ends the program. */
final class Cr extends MicroThread {
  @Override
  protected void run() throws Exception {
    for (int i = 0; i < 10; i++) {
      System.out.println("iteration " + i);
      suspend(MicroStatus.YIELD);
    }
  }

  public static void main(String[] args) throws Exception {
    Launch.in(args, new Cr(), 26);
  }
}

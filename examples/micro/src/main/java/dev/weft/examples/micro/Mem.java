// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro;

import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroThread;

/** Takes memory from the micro-heap and frees it, newest first. */
final class Mem extends MicroThread {
  private static final int COUNTER_BYTES = Integer.BYTES;

  @Override
  protected void run() throws Exception {
    MicroBlock counters = calloc(2, COUNTER_BYTES);
    for (int j = 0; j < 2; j++) {
      MicroBlock text = calloc(1, 50);
      int length = text.setString("Dynamically allocated for " + j);
      for (int i = 0; i < 10; i++) {
        counters.setInt((long) j * COUNTER_BYTES, i);
        int counter = counters.getInt((long) j * COUNTER_BYTES);
        logf("LOG counters: (%d, %d, %s)\n", j, counter, text.string(length));
      }
      free(); // text
    }
    free(); // counters
  }

  public static void main(String[] args) throws Exception {
    Launch.in(args, new Mem(), 34);
  }
}

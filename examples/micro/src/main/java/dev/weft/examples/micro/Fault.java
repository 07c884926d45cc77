// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro;

import dev.weft.micro.MicroThread;
import org.jspecify.annotations.Nullable;

/** Fails in different ways, ten times, and continues after each. */
final class Fault extends MicroThread {
  private int zero;
  private @Nullable String nothing;
  private int count;
  private int sum;

  @Override
  @SuppressWarnings("NullAway") // the null dereference is the point
  protected void run() {
    while (count < 9) {
      logf("LOG count: %d\n", count);
      if (count++ % 2 == 0) {
        log("LOG segfault");
        sum += nothing.length();
      } else {
        log("LOG division by zero");
        sum += 5 / zero;
      }
    }
    logf("LOG count: %d\n", count);
    logf("LOG sum: %d\n", sum);
  }

  @Override
  protected void lastly() {
    dev.weft.micro.MicroFault fault = fault();
    if (fault != null) {
      String signal = fault.description();
      logf("LOG Caught %s\n", signal.substring(0, signal.indexOf(" (")));
      clearFault();
      lower();
    }
  }

  public static void main(String[] args) throws Exception {
    Launch.in(args, new Fault(), 26);
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro;

import dev.weft.micro.MicroThread;

/** Two threads pass control back and forth. */
final class Exec extends MicroThread {
  @Override
  protected void run() {
    Other other = new Other(this);
    child(other);
    for (int i = 0; i < 10; i++) {
      logf("LOG example1: %d\n", i);
      call(other);
    }
  }

  private static final class Other extends MicroThread {
    private final MicroThread caller;

    Other(MicroThread caller) {
      this.caller = caller;
    }

    @Override
    protected void run() {
      for (int i = 0; i < 10; i++) {
        logf("LOG example2: %d\n", i);
        call(caller);
      }
    }
  }

  public static void main(String[] args) throws Exception {
    Launch.in(args, new Exec(), 34);
  }
}

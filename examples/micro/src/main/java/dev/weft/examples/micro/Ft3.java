// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro;

import dev.weft.micro.MicroThread;

/** A thread in the background, which nobody waits for; the one in front pauses for good. */
final class Ft3 extends MicroThread {
  @Override
  protected void run() {
    Background background = new Background();
    child(background);
    play(background);

    log("LOG foreground");

    pause();

    log("LOG not reached");
  }

  private static final class Background extends MicroThread {
    @Override
    protected void run() {
      log("LOG background");
    }
  }

  public static void main(String[] args) throws Exception {
    Launch.in(args, new Ft3(), 34);
  }
}

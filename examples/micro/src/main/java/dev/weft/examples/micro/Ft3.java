// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro;

import dev.weft.micro.MicroThread;

/**
 * A background thread that no other waits for; the main thread pauses and is never played again.
 */
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

// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro;

import dev.weft.micro.MicroRequest;
import dev.weft.micro.MicroThread;

/** As {@link Ft}, with the primitive calls of which request and respond consist. */
final class Ft2 extends MicroThread {
  @Override
  protected void run() throws Exception {
    Responder responder = new Responder();
    child(responder);
    int question = 5;
    logf("LOG Request at requestor: %d\n", question);

    send(responder, new MicroRequest<Integer, Integer>(), question);
    pause();
    Integer answer = recv();

    logf("LOG Response at requestor: %d\n", answer);
  }

  private static final class Responder extends MicroThread {
    @Override
    protected void run() throws Exception {
      MicroRequest<Integer, Integer> request = listen();
      int question = request.question();
      logf("LOG Request at responder: %d\n", question);
      int answer = question + 2;
      logf("LOG Response at responder: %d\n", answer);
      send(request.asker(), new MicroRequest<Integer, Integer>(), answer);
    }
  }

  public static void main(String[] args) throws Exception {
    Launch.in(args, new Ft2(), 34);
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro;

import dev.weft.micro.MicroRequest;
import dev.weft.micro.MicroThread;

/** A request is answered: request, listen, respond. */
final class Ft extends MicroThread {
  @Override
  protected void run() throws Exception {
    Responder responder = new Responder();
    child(responder);
    int question = 5;
    logf("LOG Request at requestor: %d\n", question);

    Integer answer = request(responder, new MicroRequest<Integer, Integer>(), question);

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
      respond(request, answer);
    }
  }

  public static void main(String[] args) throws Exception {
    Launch.in(args, new Ft(), 34);
  }
}

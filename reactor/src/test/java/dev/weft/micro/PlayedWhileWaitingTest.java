// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A thread that is played while it waits for bytes continues to wait. */
@Tag("needs-weaving") // and runs in each form
class PlayedWhileWaitingTest {
  private static final class Player extends MicroThread {
    @Override
    protected void run() throws Exception {
      Waiter waiter = new Waiter();
      responder(waiter);
      Answerer answerer = new Answerer();
      child(answerer);
      for (int i = 0; i < 3; i++) {
        play(waiter);
        request(
            answerer, new MicroRequest<Integer, Integer>(), i); // the waiter has its turn meanwhile
      }
      literal("message");
    }
  }

  private static final class Waiter extends MicroThread {
    @Override
    protected void run() throws Exception {
      MicroBlock block = calloc(1, 16);
      int length = read(block, 7);
      write(block, length);
    }
  }

  private static final class Answerer extends MicroThread {
    @Override
    protected void run() throws Exception {
      for (int i = 0; i < 3; i++) {
        MicroRequest<Integer, Integer> request = listen();
        respond(request, request.question());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void bytesThatArriveLaterAreRead(ExecutionMode mode) throws Exception {
    assertEquals("message", mode.run(new Player()).output());
  }
}

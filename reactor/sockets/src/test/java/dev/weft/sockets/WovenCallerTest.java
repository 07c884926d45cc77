// SPDX-License-Identifier: Apache-2.0
package dev.weft.sockets;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Fiber;
import java.net.InetAddress;
import java.net.SocketException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Calls of fibers that have no stack: this class is woven. */
@Tag("needs-weaving")
class WovenCallerTest {
  @Test
  void aFiberWithoutAStackIsRefusedWithTheReason() throws Exception {
    String[] message = {""};

    Sockets.run(
        () -> {
          Fiber.yield();
          try {
            Sockets.FACTORY.createSocket(InetAddress.getLoopbackAddress(), 1);
          } catch (SocketException e) {
            message[0] = e.getMessage();
          }
        });

    assertTrue(message[0].contains("the fiber has no stack"), message[0]);
  }
}

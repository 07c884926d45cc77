// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import static java.net.StandardProtocolFamily.INET;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Fiber;
import dev.weft.Reactors;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.SocketType;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.EventLoop;
import dev.weft.net.TcpListener;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Two acceptors of one listening socket, as those of two processes. */
@Tag("needs-io-uring")
class SharedListenerTest {
  /** The kernel wakes one of them; both waits are known to it after so many turns. */
  private static final int TURNS = 300;

  private static void pass() {
    for (int i = 0; i < TURNS; i++) {
      Fiber.yield();
    }
  }

  @Test
  void aConnectionIsAcceptedThoughTheAcceptThatWasWokenForItIsCancelled() throws Exception {
    Reactors.run(
        () -> {
          InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
          try (TcpListener one = TcpListener.bind(any);
              Bundle bundle = Bundle.open()) {
            Acceptor first = acceptor(one);
            EventLoop loop = EventLoop.require("test");
            Handle socket = first.handle();
            try (TcpListener other = TcpListener.adopt(SocketCalls.duplicate(loop, socket))) {
              Acceptor second = acceptor(other);
              assertTrue(!first.tryAwait());
              pass();
              var _ = bundle.go("second", () -> second.await(TimerQueue.NEVER));
              pass();

              Handle client = loop.backend().newHandle("client");
              SocketCalls.open(loop, client, INET, SocketType.STREAM, "client", SocketSetup.NONE);
              Op connect = loop.backend().create(op -> {});
              loop.backend().submit(connect.connect(client, one.localAddress()));
              first.acceptOneByOne(true); // in the same turn, a cancel of the accept that is woken
              pass();

              assertEquals(0, connect.result());
              assertTrue(first.hasQueued() || second.hasQueued(), "it is in the backlog");
              SocketCalls.discard(loop, client);
              loop.backend().release(connect);
              bundle.cancel();
            }
          }
        });
  }

  private static Acceptor acceptor(TcpListener listener) {
    Acceptor found = Acceptor.IN.of(listener);
    assertTrue(found != null);
    return found;
  }
}

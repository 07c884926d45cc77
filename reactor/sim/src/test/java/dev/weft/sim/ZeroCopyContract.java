// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static java.net.StandardProtocolFamily.INET;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.SocketOption;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

/** What a backend promises of sends without a copy. */
abstract class ZeroCopyContract extends ReceiveContract {
  private static final int LARGE = 64 << 20; // more than the buffers hold

  /** Receives what has come, until an error or the end. */
  private int drain(int socket) {
    MemorySegment bytes = arena.allocate(1 << 20);
    int result;
    do {
      result = perform(op -> op.receive(at(socket), bytes, 0, 1 << 20));
    } while (result > 0);
    return result;
  }

  /** Submits a send of more than the other end has room for, which reads nothing. */
  private Op stuck(Handle sender, MemorySegment bytes) throws Exception {
    Op send = current().create(completed::add);
    current().submit(send.sendZeroCopy(sender, bytes, 0, LARGE));
    current().poll(0);
    return send;
  }

  @Test
  void aSendWithoutACopyEndsWhenAllHasArrived() throws Exception {
    backend();
    require(Capability.ZERO_COPY);
    int[] ends = connection();
    MemorySegment bytes = text("hello");
    assertEquals(5, perform(op -> op.sendZeroCopy(at(ends[0]), bytes, 0, 5)));
    assertEquals(5, receive(ends[1], 10));
    assertEquals(2, perform(op -> op.sendZeroCopy(at(ends[0]), bytes, 1, 2)), "a part");
    assertEquals(2, receive(ends[1], 10));
    discard(ends);
  }

  @Test
  void itsMemoryIsTheBackendsUntilTheOtherEndHasTheBytes() throws Exception {
    Backend backend = backend();
    require(Capability.ZERO_COPY);
    int[] ends = connection();
    try (Arena shared = Arena.ofShared()) {
      Op send = stuck(at(ends[0]), shared.allocate(LARGE));
      assertTrue(send.isBusy());
      Assertions.assertThrows(IllegalStateException.class, shared::close);
      MemorySegment target = arena.allocate(1 << 20);
      for (long received = 0; received < LARGE; ) {
        int count = perform(op -> op.receive(at(ends[1]), target, 0, 1 << 20));
        assertTrue(count > 0);
        received += count;
      }
      pollUntilDone(send);
      assertEquals(LARGE, send.result());
      backend.release(send);
    }
    discard(ends);
  }

  @Test
  void aCancelResetsTheConnection() throws Exception {
    Backend backend = backend();
    require(Capability.ZERO_COPY);
    int[] ends = connection();
    Op send = stuck(at(ends[0]), arena.allocate(LARGE));
    backend.cancel(send);
    pollUntilDone(send);
    assertEquals(CANCELED, send.result());
    assertEquals(code(Errno.ECONNRESET), drain(ends[1]));
    discard(ends);
  }

  @Test
  void aCancelResetsTheConnectionAlsoWhenAllHasBeenTaken() throws Exception {
    Backend backend = backend();
    require(Capability.ZERO_COPY);
    int listener = listener(1);
    set(listener, SocketOption.RECEIVE_BUFFER, 2304);
    int client = socket(INET);
    set(client, SocketOption.SEND_BUFFER, 1 << 19);
    assertEquals(0, connect(client, localName(listener)));
    int server = acceptOne(listener);
    int length = 1 << 17; // more than the other end has room for, and less than this end
    Op send = backend.create(completed::add);
    backend.submit(send.sendZeroCopy(at(client), arena.allocate(length), 0, length));
    for (int i = 0; i < 5; i++) {
      backend.poll(1);
    }
    assertTrue(send.isBusy(), "it has not been acknowledged");
    backend.cancel(send);
    pollUntilDone(send);
    assertEquals(CANCELED, send.result());
    assertEquals(code(Errno.ECONNRESET), drain(server));
    discard(listener, client, server);
  }

  @Test
  void aCloseResetsTheConnection() throws Exception {
    Backend backend = backend();
    require(Capability.ZERO_COPY);
    int[] ends = connection();
    Handle handle = backend.newHandle("an end");
    backend.open(handle, ends[0]);
    Op send = stuck(handle, arena.allocate(LARGE));
    backend.beginClose(handle, null);
    assertEquals(0, backend.closeWhenUnused(handle));
    pollUntilDone(send);
    assertEquals(CANCELED, send.result());
    assertEquals(Handle.State.CLOSED, handle.state());
    assertEquals(code(Errno.ECONNRESET), drain(ends[1]));
    discard(ends[1]);
  }

  @Test
  void aSendWithoutACopyFailsAsOthers() throws Exception {
    backend();
    require(Capability.ZERO_COPY);
    int[] ends = connection();
    MemorySegment bytes = scratch();
    assertEquals(0, perform(op -> op.shutdown(at(ends[0]), Direction.OUTPUT)));
    assertEquals(code(Errno.EPIPE), perform(op -> op.sendZeroCopy(at(ends[0]), bytes, 0, 1)));
    discard(ends);
  }
}

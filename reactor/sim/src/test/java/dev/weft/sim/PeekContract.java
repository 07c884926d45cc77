// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.net.StandardProtocolFamily.INET;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Message;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.backend.SocketType;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** What a backend promises of messages that are read and stay where they are. */
abstract class PeekContract extends MulticastContract {
  private String peek(int socket, int length, Message message) {
    MemorySegment bytes = arena.allocate(100);
    int count = perform(op -> op.receiveMessage(at(socket), bytes, length, message).peeking());
    return count < 0
        ? Integer.toString(count)
        : new String(bytes.asSlice(0, count).toArray(JAVA_BYTE), US_ASCII);
  }

  @Test
  void aDatagramThatIsPeekedAtStays() throws Exception {
    backend();
    int receiver = bound("127.0.0.1");
    int sender = bound("127.0.0.1");
    assertEquals(5, send(sender, "hello", localName(receiver)));
    assertEquals(4, send(sender, "next", localName(receiver)));
    Message message = new Message();
    assertEquals("he", peek(receiver, 2, message));
    assertTrue(message.isTruncated());
    assertEquals("hello", peek(receiver, 10, message));
    assertFalse(message.isTruncated());
    assertEquals(localName(sender), message.address());
    assertEquals(PollEvents.READABLE, perform(op -> op.poll(at(receiver), PollEvents.READABLE)));
    Message received = new Message();
    assertEquals("hello", receive(receiver, 10, received));
    assertEquals(localName(sender), received.address());
    assertEquals("next", receive(receiver, 10, received));
    discard(receiver, sender);
  }

  @Test
  void aPeekWaitsForADatagram() throws Exception {
    Backend backend = backend();
    int receiver = bound("127.0.0.1");
    int sender = datagrams(INET);
    Op peek = backend.create(completed::add);
    backend.submit(peek.receiveMessage(at(receiver), scratch(), 1, new Message()).peeking());
    backend.poll(0);
    assertTrue(completed.isEmpty());
    assertEquals(1, send(sender, "x", localName(receiver)));
    pollUntilDone(peek);
    assertEquals(1, peek.result());
    assertEquals("x", receive(receiver, 10, new Message()));
    Op again = backend.create(completed::add);
    backend.submit(again.receiveMessage(at(receiver), scratch(), 1, new Message()).peeking());
    backend.poll(0);
    backend.cancel(again);
    pollUntilDone(again);
    assertEquals(CANCELED, again.result());
    discard(receiver, sender);
  }

  @Test
  void aStreamIsPeekedAtAsAMessage() throws Exception {
    backend();
    int[] ends = connection();
    assertEquals(5, send(ends[0], "hello", null));
    assertEquals("hel", peek(ends[1], 3, new Message()));
    assertEquals("hello", receive(ends[1], 10, new Message()));
    discard(ends);
  }

  @Test
  void whatAUnixSocketPeeksAtStaysWithItsDescriptors() throws Exception {
    for (SocketType type : SocketType.values()) {
      backend();
      require(Capability.ALL_UNIX_SOCKETS);
      assertEquals(0, call(call -> call.socketPair(type)));
      int[] ends = {call.readEnd(), call.writeEnd()};
      int[] pipe = pipe();
      MemorySegment bytes = text("hello");
      Message passing = new Message().passing(at(pipe[0]));
      assertEquals(5, perform(op -> op.sendMessage(at(ends[0]), bytes, 5, passing)));
      Message message = new Message().takingDescriptors(8);
      assertEquals("hello", peek(ends[1], 10, message), type::name);
      assertEquals(0, message.descriptorCount());
      assertEquals("hello", receive(ends[1], 10, message));
      assertEquals(1, message.descriptorCount());
      discard(message.descriptor(0));
      discard(ends);
      discard(pipe);
      current().close();
    }
  }

  @Test
  void aUnixStreamIsPeekedAt() throws Exception {
    backend();
    require(Capability.ALL_UNIX_SOCKETS);
    assertEquals(0, call(call -> call.socketPair(SocketType.STREAM)));
    int[] ends = {call.readEnd(), call.writeEnd()};
    assertEquals(2, send(ends[0], "ab"));
    assertEquals(2, send(ends[0], "cd"));
    MemorySegment bytes = arena.allocate(10);
    int seen = perform(op -> op.peek(at(ends[1]), bytes, 0, 3));
    assertTrue(seen > 0);
    assertEquals('a', bytes.get(JAVA_BYTE, 0));
    assertEquals("abcd".substring(0, 2), receive(ends[1], 2, new Message()));
    assertEquals("cd", receive(ends[1], 10, new Message()));
    discard(ends);
  }
}

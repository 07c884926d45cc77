// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.FileType;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Message;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.backend.SocketType;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a backend promises of UDP sockets. */
abstract class DatagramContract extends CancelContract {
  private static final int LENGTH_MAX = 65507;

  int datagrams(ProtocolFamily family) {
    int socket = call(call -> call.socket(family, SocketType.DATAGRAM));
    assertTrue(socket > 2, () -> "socket: " + socket);
    return socket;
  }

  int bound(String address) throws Exception {
    int socket = datagrams(address.contains(":") ? INET6 : INET);
    assertEquals(0, bind(socket, address, 0));
    return socket;
  }

  /** A socket whose peer has no port any more, and so answers that it is unreachable. */
  private int connectedToNothing() throws Exception {
    int gone = bound("127.0.0.1");
    InetSocketAddress address = localName(gone);
    discard(gone);
    int socket = datagrams(INET);
    assertEquals(0, connect(socket, address));
    return socket;
  }

  int send(int socket, String content, SocketAddress address) {
    MemorySegment bytes = text(content);
    Message message = new Message().to(address);
    return perform(op -> op.sendMessage(at(socket), bytes, content.length(), message));
  }

  String receive(int socket, int length, Message message) {
    MemorySegment bytes = arena.allocate(100);
    int count = perform(op -> op.receiveMessage(at(socket), bytes, length, message));
    return count < 0
        ? Integer.toString(count)
        : new String(bytes.asSlice(0, count).toArray(JAVA_BYTE), US_ASCII);
  }

  @Test
  void aDatagramArrivesWithItsSender() throws Exception {
    backend();
    int receiver = bound("127.0.0.1");
    int sender = bound("127.0.0.1");
    Message message = new Message();
    assertEquals(5, send(sender, "hello", localName(receiver)));
    assertEquals("hello", receive(receiver, 100, message));
    assertEquals(localName(sender), message.address());
    assertFalse(message.isTruncated());
    discard(receiver, sender);
  }

  @Test
  void theAddressOfTheSamePeerIsTheSameObject() throws Exception {
    backend();
    int receiver = bound("127.0.0.1");
    int[] senders = {bound("127.0.0.1"), bound("127.0.0.1")};
    Message message = new Message();
    List<SocketAddress> seen = new ArrayList<>();
    for (int sender : new int[] {senders[0], senders[0], senders[1]}) {
      assertEquals(1, send(sender, "x", localName(receiver)));
      assertEquals("x", receive(receiver, 100, message));
      seen.add(message.address());
    }
    assertSame(seen.get(0), seen.get(1));
    assertNotEquals(seen.get(0), seen.get(2));
    assertEquals(1, send(receiver, "y", message.address()), "it can be replied to");
    assertEquals("y", receive(senders[1], 100, new Message()));
    discard(senders);
    discard(receiver);
  }

  @Test
  void aDatagramThatIsTooLongIsTruncated() throws Exception {
    backend();
    int receiver = bound("127.0.0.1");
    int sender = datagrams(INET);
    Message message = new Message();
    assertEquals(5, send(sender, "hello", localName(receiver)));
    assertEquals(4, send(sender, "next", localName(receiver)));
    assertEquals("hel", receive(receiver, 3, message));
    assertTrue(message.isTruncated());
    assertEquals("next", receive(receiver, 4, message), "the rest is not kept");
    assertFalse(message.isTruncated());
    discard(receiver, sender);
  }

  @Test
  void emptyDatagramsArrive() throws Exception {
    backend();
    int receiver = bound("127.0.0.1");
    int sender = bound("127.0.0.1");
    Message message = new Message();
    assertEquals(0, send(sender, "", localName(receiver)));
    assertEquals("", receive(receiver, 10, message));
    assertEquals(localName(sender), message.address());
    assertEquals(0, send(sender, "", localName(receiver)));
    assertEquals("", receive(receiver, 0, message), "into no memory");
    assertFalse(message.isTruncated());
    assertEquals(1, send(sender, "x", localName(receiver)));
    assertEquals("", receive(receiver, 0, message));
    assertTrue(message.isTruncated());
    discard(receiver, sender);
  }

  @Test
  void theLongestDatagramArrivesWholeAndALongerOneIsRefused() throws Exception {
    backend();
    int receiver = bound("127.0.0.1");
    int sender = datagrams(INET);
    MemorySegment sent = arena.allocate(1 << 17).fill((byte) 7);
    MemorySegment received = arena.allocate(1 << 17);
    Message to = new Message().to(localName(receiver));
    for (int length : new int[] {LENGTH_MAX + 1, 1 << 16, 1 << 17}) {
      int result = perform(op -> op.sendMessage(at(sender), sent, length, to));
      assertEquals(code(Errno.EMSGSIZE), result, () -> length + " bytes");
    }
    assertEquals(LENGTH_MAX, perform(op -> op.sendMessage(at(sender), sent, LENGTH_MAX, to)));
    Message message = new Message();
    int count = perform(op -> op.receiveMessage(at(receiver), received, 1 << 17, message));
    assertEquals(LENGTH_MAX, count);
    assertFalse(message.isTruncated());
    assertEquals(-1, received.asSlice(0, LENGTH_MAX).mismatch(sent.asSlice(0, LENGTH_MAX)));
    discard(receiver, sender);
  }

  @Test
  void aFailedSendLeavesTheSocketUsable() throws Exception {
    backend();
    int receiver = bound("127.0.0.1");
    int sender = datagrams(INET);
    InetSocketAddress address = localName(receiver);
    assertEquals(code(Errno.EDESTADDRREQ), send(sender, "x", null));
    assertEquals(
        code(Errno.EINVAL), send(sender, "x", new InetSocketAddress(address.getAddress(), 0)));
    assertEquals(1, send(sender, "x", address));
    assertEquals("x", receive(receiver, 10, new Message()));
    discard(receiver, sender);
  }

  @Test
  void aConnectedSocketHearsItsPeerAlone() throws Exception {
    backend();
    int peer = bound("127.0.0.1");
    int socket = bound("127.0.0.1");
    int other = datagrams(INET);
    assertEquals(code(Errno.ENOTCONN), call(call -> call.remoteAddress(at(socket))));
    assertEquals(0, connect(socket, localName(peer)));
    assertEquals(localName(peer), peerName(socket));

    assertEquals(5, send(other, "other", localName(socket)));
    assertEquals(4, send(socket, "ping"), "without an address");
    Message message = new Message();
    assertEquals("ping", receive(peer, 10, message));
    assertEquals(4, send(peer, "pong", message.address()));
    assertEquals("pong", receive(socket, 10, message));
    assertEquals(localName(peer), message.address());
    discard(peer, socket, other);
  }

  @Test
  void aPeerWithoutAReceiverRefuses() throws Exception {
    backend();
    int socket = connectedToNothing();
    assertEquals(1, send(socket, "x", null), "it is not known yet");
    assertEquals(code(Errno.ECONNREFUSED) + "", receive(socket, 10, new Message()));
    assertEquals(1, send(socket, "x", null), "the socket stays usable");
    discard(socket);
  }

  @Test
  void aRefusalEndsTheReceiveThatWaits() throws Exception {
    Backend backend = backend();
    int socket = connectedToNothing();
    Op receive = backend.create(completed::add);
    backend.submit(receive.receiveMessage(at(socket), scratch(), 1, new Message()));
    backend.poll(0);
    assertEquals(1, send(socket, "x", null));
    pollUntilDone(receive);
    assertEquals(code(Errno.ECONNREFUSED), receive.result());
    discard(socket);
  }

  @Test
  void severalReceivesTakeOneDatagramEach() throws Exception {
    Backend backend = backend();
    int receiver = bound("127.0.0.1");
    int sender = datagrams(INET);
    List<Message> messages = List.of(new Message(), new Message(), new Message());
    MemorySegment bytes = arena.allocate(3);
    for (int i = 0; i < 3; i++) {
      Op op = backend.create(completed::add);
      backend.submit(op.receiveMessage(at(receiver), bytes.asSlice(i, 1), 1, messages.get(i)));
    }
    backend.poll(0);
    assertTrue(completed.isEmpty());
    for (String each : List.of("a", "b", "c")) {
      assertEquals(1, send(sender, each, localName(receiver)));
    }
    pollUntilCompleted(3);
    completed.forEach(op -> assertEquals(1, op.result()));
    assertEquals(
        'a' + 'b' + 'c',
        bytes.get(JAVA_BYTE, 0) + bytes.get(JAVA_BYTE, 1) + bytes.get(JAVA_BYTE, 2));
    discard(receiver, sender);
  }

  @Test
  void aReceiveCanBeCancelledAndStartedAgain() throws Exception {
    Backend backend = backend();
    int receiver = bound("127.0.0.1");
    int sender = datagrams(INET);
    Message message = new Message();
    MemorySegment bytes = scratch();
    Op receive = backend.create(completed::add);

    backend.submit(receive.receiveMessage(at(receiver), bytes, 1, message));
    backend.cancel(receive);
    pollUntilDone(receive);
    assertEquals(CANCELED, receive.result(), "before it has begun");
    backend.submit(receive.receiveMessage(at(receiver), bytes, 1, message));
    backend.poll(0);
    backend.cancel(receive);
    pollUntilDone(receive);
    assertEquals(CANCELED, receive.result(), "while it waits");

    backend.submit(receive.receiveMessage(at(receiver), bytes, 1, message));
    assertEquals(1, send(sender, "x", localName(receiver)));
    pollUntilDone(receive);
    backend.cancel(receive);
    backend.poll(0);
    assertEquals(1, receive.result(), "after it has completed: no datagram was lost");
    discard(receiver, sender);
  }

  @Test
  void closingAHandleEndsItsReceives() throws Exception {
    Backend backend = backend();
    int receiver = bound("127.0.0.1");
    InetSocketAddress address = localName(receiver);
    Handle handle = backend.newHandle("a receiver");
    backend.open(handle, receiver);
    for (int i = 0; i < 3; i++) {
      Op op = backend.create(completed::add);
      backend.submit(op.receiveMessage(handle, scratch(), 1, new Message()));
    }
    backend.poll(0);
    backend.beginClose(handle, null);
    assertEquals(0, backend.closeWhenUnused(handle));
    pollUntilCompleted(3);
    completed.forEach(op -> assertEquals(CANCELED, op.result()));
    assertEquals(Handle.State.CLOSED, handle.state());
    int next = datagrams(INET);
    assertEquals(0, bind(next, "127.0.0.1", address.getPort()), "the port is free again");
    discard(next);
  }

  @Test
  void anIpv6SocketAlsoTalksToIpv4() throws Exception {
    backend();
    int both = bound("::");
    int port = localName(both).getPort();
    int four = bound("127.0.0.1");
    Message message = new Message();
    InetSocketAddress address = new InetSocketAddress(localName(four).getAddress(), port);
    assertEquals(4, send(four, "ping", address));
    assertEquals("ping", receive(both, 10, message));
    assertEquals(localName(four), message.address(), "not an IPv6 address");
    assertEquals(4, send(both, "pong", message.address()));
    assertEquals(5, send(both, "again", localName(four)), "an address that was not received");
    assertEquals("pong", receive(four, 10, message));
    assertEquals(address, message.address());
    assertEquals("again", receive(four, 10, message));
    discard(both, four);
  }

  @Test
  void portsOfUdpAreNotThoseOfTcp() throws Exception {
    backend();
    int listener = listener(1);
    int socket = datagrams(INET);
    assertEquals(0, bind(socket, "127.0.0.1", localName(listener).getPort()));
    int other = datagrams(INET);
    int port = localName(socket).getPort();
    assertEquals(code(Errno.EADDRINUSE), bind(other, "127.0.0.1", port));
    assertEquals(FileType.SOCKET, type(socket));
    discard(listener, socket, other);
  }

  private FileType type(int descriptor) {
    assertEquals(0, call(call -> call.fileType(at(descriptor))));
    return call.type();
  }

  @Test
  void aPollWaitsForADatagram() throws Exception {
    Backend backend = backend();
    int receiver = bound("127.0.0.1");
    int sender = datagrams(INET);
    Op poll = backend.create(completed::add);
    backend.submit(poll.poll(at(receiver), PollEvents.READABLE));
    backend.poll(0);
    assertTrue(completed.isEmpty());
    assertEquals(0, send(sender, "", localName(receiver)));
    pollUntilDone(poll);
    assertEquals(PollEvents.READABLE, poll.result());
    assertEquals(PollEvents.WRITABLE, perform(op -> op.poll(at(receiver), PollEvents.WRITABLE)));
    discard(receiver, sender);
  }

  @Test
  void aStreamHasMessagesWithoutAddress() throws Exception {
    backend();
    int[] ends = connection();
    Message message = new Message();
    assertEquals(5, send(ends[0], "hello", null));
    assertEquals("hel", receive(ends[1], 3, message));
    assertEquals(null, message.address());
    assertFalse(message.isTruncated());
    assertEquals("lo", receive(ends[1], 10, message), "the rest is kept");
    discard(ends);
  }
}

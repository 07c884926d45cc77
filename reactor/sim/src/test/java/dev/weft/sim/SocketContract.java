// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.backend.FileType;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.backend.SocketOption;
import dev.weft.internal.backend.SocketType;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import org.junit.jupiter.api.Test;

/** What a backend promises of TCP sockets. */
abstract class SocketContract extends BackendContract {
  int socket(ProtocolFamily family) {
    int socket = call(call -> call.socket(family, SocketType.STREAM));
    assertTrue(socket > 2, () -> "socket: " + socket);
    return socket;
  }

  int bind(int socket, String address, int port) throws Exception {
    InetSocketAddress wanted = new InetSocketAddress(InetAddress.ofLiteral(address), port);
    return call(call -> call.bind(at(socket), wanted));
  }

  InetSocketAddress localName(int socket) {
    assertEquals(0, call(call -> call.localAddress(at(socket))));
    return (InetSocketAddress) call.address();
  }

  InetSocketAddress peerName(int socket) {
    assertEquals(0, call(call -> call.remoteAddress(at(socket))));
    return (InetSocketAddress) call.address();
  }

  int listener(int backlog) throws Exception {
    int listener = socket(INET);
    assertEquals(0, bind(listener, "127.0.0.1", 0));
    assertEquals(0, call(call -> call.listen(at(listener), backlog)));
    return listener;
  }

  int connect(int socket, InetSocketAddress address) {
    return perform(op -> op.connect(at(socket), address));
  }

  /** Returns the client's end and the server's end of a connection. */
  int[] connection() throws Exception {
    int listener = listener(10);
    int client = socket(INET);
    assertEquals(0, connect(client, localName(listener)));
    int server = acceptOne(listener);
    discard(listener);
    return new int[] {client, server};
  }

  int acceptOne(int listener) {
    int[] accepted = {-1};
    Op accept =
        current()
            .create(
                op -> {
                  if (op.result() >= 0) {
                    accepted[0] = op.result();
                  }
                });
    current().submit(accept.acceptMultishot(at(listener)));
    while (accepted[0] < 0) {
      current().poll(Backend.FOREVER);
    }
    current().cancel(accept);
    pollUntilDone(accept);
    return accepted[0];
  }

  int send(int socket, String content) {
    MemorySegment bytes = text(content);
    return perform(op -> op.send(at(socket), bytes, 0, content.length()));
  }

  int receive(int socket, int length) {
    MemorySegment bytes = arena.allocate(length);
    return perform(op -> op.receive(at(socket), bytes, 0, length));
  }

  @Test
  void aPortWithoutAListenerRefusesConnections() throws Exception {
    backend();
    int listener = listener(10);
    InetSocketAddress address = localName(listener);
    discard(listener);
    int client = socket(INET);
    assertEquals(code(Errno.ECONNREFUSED), connect(client, address));
    discard(client);
  }

  @Test
  void eachEndReportsBothAddresses() throws Exception {
    backend();
    int[] ends = connection();
    assertEquals(localName(ends[0]), peerName(ends[1]));
    assertEquals(peerName(ends[0]), localName(ends[1]));
    assertEquals(code(Errno.EISCONN), connect(ends[0], peerName(ends[0])));
    discard(ends);
  }

  @Test
  void anAcceptedConnectionCanBeDetachedAndAttached() throws Exception {
    Backend backend = backend();
    int[] ends = connection();

    Object detached = backend.detach(ends[1]);
    ends[1] = backend.attach(detached);

    assertEquals(2, send(ends[0], "in"));
    assertEquals(2, receive(ends[1], 10));
    assertEquals(3, send(ends[1], "out"));
    assertEquals(3, receive(ends[0], 10));
    discard(ends);
  }

  @Test
  void aDetachedConnectionIsClosedByAnyBackend() throws Exception {
    Backend backend = backend();
    int[] ends = connection();

    backend.closeDetached(backend.detach(ends[1]));

    assertEquals(0, receive(ends[0], 10));
    discard(ends[0]);
  }

  @Test
  void oneAcceptDeliversManyConnections() throws Exception {
    Backend backend = backend();
    int listener = listener(10);
    Op accept = backend.create(completed::add);
    backend.submit(accept.acceptMultishot(at(listener)));
    int[] clients = new int[5];
    for (int i = 0; i < clients.length; i++) {
      clients[i] = socket(INET);
      assertEquals(0, connect(clients[i], localName(listener)));
    }
    pollUntilCompleted(5);
    assertTrue(accept.hasMore());
    assertTrue(accept.isBusy());
    discard(clients);
    discard(listener);
  }

  @Test
  void aSingleAcceptTakesOneConnection() throws Exception {
    Backend backend = backend();
    int listener = listener(10);
    int[] clients = {socket(INET), socket(INET)};
    for (int client : clients) {
      assertEquals(0, connect(client, localName(listener)));
    }

    int first = perform(op -> op.accept(at(listener)));
    assertTrue(first > 2, () -> "accept: " + first);
    backend.poll(0);
    int second = perform(op -> op.accept(at(listener)));
    assertTrue(second > 2 && second != first, () -> "accept: " + second);
    discard(listener, first, second);
    discard(clients);
  }

  @Test
  void bytesAreBufferedEvenBeforeTheAccept() throws Exception {
    backend();
    int listener = listener(10);
    int client = socket(INET);
    assertEquals(0, connect(client, localName(listener)));
    assertEquals(3, send(client, "abc"));
    int server = acceptOne(listener);
    assertEquals(2, receive(server, 2));
    assertEquals(1, receive(server, 100));
    discard(listener, client, server);
  }

  @Test
  void aShortReceiveDoesNotBreakItsChain() throws Exception {
    Backend backend = backend();
    int[] ends = connection();
    assertEquals(3, send(ends[0], "abc"));
    Op receive = backend.create(completed::add);
    receive.receive(at(ends[1]), arena.allocate(10), 0, 10);
    receive.then(backend.create(completed::add).nop());
    backend.submit(receive);

    pollUntilCompleted(2);
    assertEquals(3, completed.get(0).result());
    assertEquals(0, completed.get(1).result());
    discard(ends);
  }

  @Test
  void aHalfClosedConnectionStaysOpenInTheOtherDirection() throws Exception {
    backend();
    int[] ends = connection();
    assertEquals(3, send(ends[0], "abc"));
    assertEquals(0, perform(op -> op.shutdown(at(ends[0]), Direction.OUTPUT)));
    assertEquals(3, receive(ends[1], 10));
    assertEquals(0, receive(ends[1], 10));
    assertEquals(0, receive(ends[1], 10));
    assertEquals(code(Errno.EPIPE), send(ends[0], "x"));
    assertEquals(2, send(ends[1], "de"));
    assertEquals(2, receive(ends[0], 10));
    discard(ends);
  }

  @Test
  void aShutdownCallTakesEffectImmediately() throws Exception {
    backend();
    int[] ends = connection();
    assertEquals(0, call(call -> call.shutdown(at(ends[0]), Direction.BOTH)));
    assertEquals(0, receive(ends[0], 10));
    assertEquals(0, receive(ends[1], 10));
    assertEquals(code(Errno.EPIPE), send(ends[0], "x"));
    discard(ends);
  }

  @Test
  void anEndWhoseInputIsShutDownStillReceivesLaterBytes() throws Exception {
    Backend backend = backend();
    int[] ends = connection();
    Op waiting = backend.create(completed::add);
    backend.submit(waiting.receive(at(ends[1]), arena.allocate(10), 0, 10));
    backend.poll(0);
    assertEquals(0, perform(op -> op.shutdown(at(ends[1]), Direction.INPUT)));
    pollUntilCompleted(1);
    assertEquals(0, waiting.result(), "the receive in progress has read the end");
    assertEquals(0, receive(ends[1], 10));
    assertEquals(3, send(ends[0], "abc"), "the other end is not notified");
    assertEquals(
        PollEvents.READABLE,
        PollEvents.READABLE & perform(op -> op.poll(at(ends[1]), PollEvents.READABLE)));
    assertEquals(3, receive(ends[1], 10));
    assertEquals(0, receive(ends[1], 10));
    assertEquals(2, send(ends[1], "de"), "output is still possible");
    assertEquals(2, receive(ends[0], 10));
    discard(ends);
  }

  @Test
  void bytesToAnEndThatHasShutBothDirectionsResetTheConnection() throws Exception {
    for (boolean atOnce : new boolean[] {true, false}) {
      backend();
      int[] ends = connection();
      if (atOnce) {
        assertEquals(0, perform(op -> op.shutdown(at(ends[1]), Direction.BOTH)));
      } else {
        assertEquals(0, perform(op -> op.shutdown(at(ends[1]), Direction.INPUT)));
        assertEquals(0, perform(op -> op.shutdown(at(ends[1]), Direction.OUTPUT)));
      }
      assertEquals(0, receive(ends[0], 10));
      assertEquals(1, send(ends[0], "x"), "this end has not been notified yet");
      awaitReset(ends[0]);
      assertEquals(code(Errno.EPIPE), send(ends[0], "y"));
      Errno expected = reportsErrors() ? Errno.ECONNRESET : Errno.EPIPE; // the JDK knows only that
      assertEquals(code(expected), send(ends[1], "z"));
      discard(ends);
      current().close();
    }
  }

  @Test
  void aDirectionCanBeShutDownRepeatedlyUntilBothHaveEnded() throws Exception {
    backend();
    int[] ends = connection();
    assertEquals(0, perform(op -> op.shutdown(at(ends[0]), Direction.OUTPUT)));
    assertEquals(0, perform(op -> op.shutdown(at(ends[0]), Direction.OUTPUT)));
    assertEquals(0, receive(ends[1], 1));
    assertEquals(0, perform(op -> op.shutdown(at(ends[1]), Direction.BOTH)));
    assertEquals(0, receive(ends[0], 1));
    assertEquals(code(Errno.ENOTCONN), perform(op -> op.shutdown(at(ends[0]), Direction.OUTPUT)));
    assertEquals(code(Errno.ENOTCONN), perform(op -> op.shutdown(at(ends[1]), Direction.BOTH)));
    discard(ends);
  }

  @Test
  void closingWithUnreadBytesResetsTheConnection() throws Exception {
    backend();
    int[] ends = connection();
    assertEquals(3, send(ends[0], "abc"));
    assertEquals(1, receive(ends[1], 1));
    discard(ends[1]);
    assertEquals(code(Errno.ECONNRESET), receive(ends[0], 10));
    assertEquals(0, receive(ends[0], 10));
    assertEquals(code(Errno.EPIPE), send(ends[0], "x"));
    assertEquals(code(Errno.ENOTCONN), perform(op -> op.shutdown(at(ends[0]), Direction.OUTPUT)));
    discard(ends[0]);
  }

  @Test
  void lingeringForZeroSecondsResetsTheConnection() throws Exception {
    backend();
    int[] ends = connection();
    set(ends[1], SocketOption.LINGER, 0);
    discard(ends[1]);
    assertEquals(code(Errno.ECONNRESET), send(ends[0], "x"));
    assertEquals(0, receive(ends[0], 10));
    discard(ends[0]);
  }

  @Test
  void bytesToAClosedEndAreAnsweredByAReset() throws Exception {
    backend();
    int[] ends = connection();
    discard(ends[1]);
    assertEquals(0, receive(ends[0], 10), "an orderly close");
    assertEquals(1, send(ends[0], "x"), "this end has not been notified yet");
    awaitReset(ends[0]);
    assertEquals(code(Errno.EPIPE), send(ends[0], "y"));
    discard(ends[0]);
  }

  /** Waits until the reset that answers the bytes sent last has arrived. */
  private void awaitReset(int end) {
    int result = perform(op -> op.poll(at(end), PollEvents.ERROR));
    if (reportsErrors()) {
      assertEquals(PollEvents.ERROR, PollEvents.ERROR & result);
      return;
    }
    assertEquals(code(Errno.EOPNOTSUPP), result);
    int sent;
    do {
      sent = send(end, "x");
    } while (sent > 0);
    assertEquals(code(Errno.EPIPE), sent);
  }

  @Test
  void aSendTransfersAllBytesHoweverSmallTheBuffers() throws Exception {
    Backend backend = backend();
    int[] ends = connection();
    int length = 8 << 20;
    MemorySegment large = arena.allocate(length);
    Op send = backend.create(completed::add);
    backend.submit(send.send(at(ends[0]), large, 0, length));
    for (int received = 0; received < length; ) {
      int count = receive(ends[1], 1 << 20);
      assertTrue(count > 0);
      received += count;
    }
    pollUntilCompleted(1);
    assertEquals(length, send.result());
    discard(ends);
  }

  @Test
  void aCancelledSendReportsHowMuchItSent() throws Exception {
    Backend backend = backend();
    int[] ends = connection();
    int length = 64 << 20;
    Op send = backend.create(completed::add);
    backend.submit(send.send(at(ends[0]), arena.allocate(length), 0, length));
    backend.poll(0);
    backend.cancel(send);
    pollUntilCompleted(1);
    assertTrue(send.result() > 0 && send.result() < length, send::toString);
    discard(ends);
  }

  @Test
  void readAndWriteWorkOnSockets() throws Exception {
    backend();
    int[] ends = connection();
    assertEquals(3, perform(op -> op.write(at(ends[0]), text("abc"), 0, 3, HERE)));
    assertEquals(3, perform(op -> op.read(at(ends[1]), arena.allocate(9), 0, 9, HERE)));
    assertEquals(PollEvents.WRITABLE, perform(op -> op.poll(at(ends[0]), PollEvents.WRITABLE)));
    assertEquals(0, call(call -> call.fileType(at(ends[0]))));
    assertEquals(FileType.SOCKET, call.type());
    discard(ends);
  }

  @Test
  void anUnconnectedSocketFailsWithEnotconn() throws Exception {
    backend();
    int socket = socket(INET);
    assertEquals(code(Errno.ENOTCONN), receive(socket, 1));
    assertEquals(code(Errno.EPIPE), send(socket, "x"));
    assertEquals(code(Errno.ENOTCONN), perform(op -> op.shutdown(at(socket), Direction.OUTPUT)));
    assertEquals(code(Errno.EINVAL), perform(op -> op.acceptMultishot(at(socket))));
    assertEquals(code(Errno.ENOTCONN), call(call -> call.remoteAddress(at(socket))));
    assertEquals(0, localName(socket).getPort());
    discard(socket);
  }

  @Test
  void aDescriptorThatIsNoSocketFailsWithEnotsock() throws Exception {
    backend();
    int[] pipe = pipe();
    assertEquals(code(Errno.ENOTSOCK), perform(op -> op.acceptMultishot(at(pipe[0]))));
    assertEquals(code(Errno.ENOTSOCK), perform(op -> op.send(at(pipe[1]), scratch(), 0, 1)));
    assertEquals(code(Errno.ENOTSOCK), perform(op -> op.shutdown(at(pipe[1]), Direction.INPUT)));
    assertEquals(code(Errno.ENOTSOCK), call(call -> call.listen(at(pipe[0]), 1)));
    discard(pipe);
  }

  @Test
  void anAddressCanBeBoundOnce() throws Exception {
    backend();
    int listener = listener(10);
    int port = localName(listener).getPort();
    assertNotEquals(0, port);
    int second = socket(INET);
    assertEquals(code(Errno.EADDRINUSE), bind(second, "127.0.0.1", port));
    assertEquals(code(Errno.EADDRINUSE), bind(second, "0.0.0.0", port));
    assertEquals(0, bind(second, "127.0.0.2", port));
    assertEquals(code(Errno.EINVAL), bind(second, "127.0.0.2", 0), "the socket is bound");
    int third = socket(INET);
    assertEquals(code(Errno.EADDRNOTAVAIL), bind(third, "192.0.2.1", 0));
    discard(listener, second, third);
  }

  @Test
  void anIpv6WildcardAcceptsIpv4() throws Exception {
    backend();
    int both = socket(INET6);
    assertEquals(0, bind(both, "::", 0));
    assertEquals(0, call(call -> call.listen(at(both), 10)));
    int port = localName(both).getPort();
    int client = socket(INET);
    InetAddress loopback = InetAddress.ofLiteral("127.0.0.1");
    assertEquals(0, connect(client, new InetSocketAddress(loopback, port)));
    int server = acceptOne(both);
    assertEquals(loopback, peerName(server).getAddress());
    discard(both, client, server);
  }

  @Test
  void aConnectionToAStalledEndFailsAfterTheUserTimeout() throws Exception {
    backend();
    int[] ends = connection();
    set(ends[0], SocketOption.USER_TIMEOUT, 10);
    int length = 16 << 20; // more than the buffers hold
    MemorySegment large = arena.allocate(length);

    int sent = perform(op -> op.send(at(ends[0]), large, 0, length));

    assertTrue(sent > 0 && sent < length, () -> "sent " + sent);
    assertEquals(code(Errno.EPIPE), send(ends[0], "x"));
    if (reportsErrors()) {
      assertEquals(1, send(ends[1], "x"), "that end has not been notified yet");
      awaitReset(ends[1]);
    } else {
      assertEquals(code(Errno.ECONNRESET), send(ends[1], "x"), "the backend has reset it");
    }
    discard(ends);
  }

  void set(int socket, SocketOption option, int value) {
    assertEquals(0, call(call -> call.setOption(at(socket), option, value)), option::name);
  }
}

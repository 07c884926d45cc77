// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.bindings.linger;
import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Op;
import dev.weft.internal.os.SocketAddresses;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;

/** What a backend promises of TCP sockets. */
abstract class SocketContract extends BackendContract {
  private int socket(int family) {
    int socket = control(Op.SOCKET, -1, family, weft_h.SOCK_STREAM(), 0, 0);
    assertTrue(socket > 2, () -> "socket: " + socket);
    return socket;
  }

  private int bind(int socket, String address, int port) throws Exception {
    InetSocketAddress wanted = new InetSocketAddress(InetAddress.ofLiteral(address), port);
    MemorySegment encoded = arena.allocate(SocketAddresses.BYTES_MAX);
    int length = SocketAddresses.encode(wanted, encoded.address());
    return control(Op.BIND, socket, 0, 0, encoded.address(), length);
  }

  private InetSocketAddress name(int opcode, int socket) {
    MemorySegment encoded = arena.allocate(SocketAddresses.BYTES_MAX);
    int length = SocketAddresses.BYTES_MAX;
    assertEquals(0, control(opcode, socket, 0, 0, encoded.address(), length));
    return SocketAddresses.decode(encoded.address());
  }

  private int listener(int backlog) throws Exception {
    int listener = socket(weft_h.AF_INET());
    assertEquals(0, bind(listener, "127.0.0.1", 0));
    assertEquals(0, control(Op.LISTEN, listener, backlog, 0, 0, 0));
    return listener;
  }

  private int connect(int socket, InetSocketAddress address) {
    MemorySegment encoded = arena.allocate(SocketAddresses.BYTES_MAX);
    int length = SocketAddresses.encode(address, encoded.address());
    return perform(op -> op.connect(at(socket), encoded.address(), length));
  }

  /** A client's end, a server's end. */
  private int[] connection() throws Exception {
    int listener = listener(10);
    int client = socket(weft_h.AF_INET());
    assertEquals(0, connect(client, name(Op.GETSOCKNAME, listener)));
    int server = acceptOne(listener);
    discard(listener);
    return new int[] {client, server};
  }

  private int acceptOne(int listener) {
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

  private int send(int socket, String content) {
    MemorySegment bytes = text(content);
    return perform(op -> op.send(at(socket), bytes.address(), content.length()));
  }

  private int receive(int socket, int length) {
    MemorySegment bytes = arena.allocate(length);
    return perform(op -> op.receive(at(socket), bytes.address(), length));
  }

  @Test
  void aPortThatNobodyListensToRefuses() throws Exception {
    backend();
    int listener = listener(10);
    InetSocketAddress address = name(Op.GETSOCKNAME, listener);
    discard(listener);
    int client = socket(weft_h.AF_INET());
    assertEquals(code(Errno.ECONNREFUSED), connect(client, address));
    discard(client);
  }

  @Test
  void bothEndsKnowEachOther() throws Exception {
    backend();
    int[] ends = connection();
    assertEquals(name(Op.GETSOCKNAME, ends[0]), name(Op.GETPEERNAME, ends[1]));
    assertEquals(name(Op.GETPEERNAME, ends[0]), name(Op.GETSOCKNAME, ends[1]));
    assertEquals(code(Errno.EISCONN), connect(ends[0], name(Op.GETPEERNAME, ends[0])));
    discard(ends);
  }

  @Test
  void oneAcceptTakesManyConnections() throws Exception {
    Backend backend = backend();
    int listener = listener(10);
    Op accept = backend.create(completed::add);
    backend.submit(accept.acceptMultishot(at(listener)));
    int[] clients = new int[5];
    for (int i = 0; i < clients.length; i++) {
      clients[i] = socket(weft_h.AF_INET());
      assertEquals(0, connect(clients[i], name(Op.GETSOCKNAME, listener)));
    }
    pollUntilCompleted(5);
    assertTrue(accept.hasMore());
    assertTrue(accept.isBusy());
    discard(clients);
    discard(listener);
  }

  @Test
  void bytesWaitForTheirReaderEvenBeforeTheAccept() throws Exception {
    backend();
    int listener = listener(10);
    int client = socket(weft_h.AF_INET());
    assertEquals(0, connect(client, name(Op.GETSOCKNAME, listener)));
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
    receive.receive(at(ends[1]), arena.allocate(10).address(), 10);
    receive.then(backend.create(completed::add).nop());
    backend.submit(receive);

    pollUntilCompleted(2);
    assertEquals(3, completed.get(0).result());
    assertEquals(0, completed.get(1).result());
    discard(ends);
  }

  @Test
  void aHalfClosedConnectionGoesOnTheOtherWay() throws Exception {
    backend();
    int[] ends = connection();
    assertEquals(3, send(ends[0], "abc"));
    assertEquals(0, perform(op -> op.shutdown(at(ends[0]), weft_h.SHUT_WR())));
    assertEquals(3, receive(ends[1], 10));
    assertEquals(0, receive(ends[1], 10));
    assertEquals(0, receive(ends[1], 10));
    assertEquals(code(Errno.EPIPE), send(ends[0], "x"));
    assertEquals(2, send(ends[1], "de"));
    assertEquals(2, receive(ends[0], 10));
    discard(ends);
  }

  @Test
  void aConnectionIsShutDownAtOnce() throws Exception {
    backend();
    int[] ends = connection();
    assertEquals(0, control(Op.SHUTDOWN_SYNC, ends[0], weft_h.SHUT_RDWR(), 0, 0, 0));
    assertEquals(0, receive(ends[0], 10));
    assertEquals(0, receive(ends[1], 10));
    assertEquals(code(Errno.EPIPE), send(ends[0], "x"));
    assertEquals(code(Errno.EINVAL), control(Op.SHUTDOWN_SYNC, ends[1], 3, 0, 0, 0));
    discard(ends);
  }

  @Test
  void anEndThatReadsNoMoreStillGetsWhatComes() throws Exception {
    Backend backend = backend();
    int[] ends = connection();
    Op waiting = backend.create(completed::add);
    backend.submit(waiting.receive(at(ends[1]), arena.allocate(10).address(), 10));
    backend.poll(0);
    assertEquals(0, perform(op -> op.shutdown(at(ends[1]), weft_h.SHUT_RD())));
    pollUntilCompleted(1);
    assertEquals(0, waiting.result(), "the read in progress has come to the end");
    assertEquals(0, receive(ends[1], 10));
    assertEquals(3, send(ends[0], "abc"), "the other end is not told");
    assertEquals(
        weft_h.POLLIN(), weft_h.POLLIN() & perform(op -> op.poll(at(ends[1]), weft_h.POLLIN())));
    assertEquals(3, receive(ends[1], 10));
    assertEquals(0, receive(ends[1], 10));
    assertEquals(2, send(ends[1], "de"), "it still sends");
    assertEquals(2, receive(ends[0], 10));
    discard(ends);
  }

  @Test
  void bytesToAnEndThatHasShutBothDirectionsResetTheConnection() throws Exception {
    for (boolean atOnce : new boolean[] {true, false}) {
      backend();
      int[] ends = connection();
      if (atOnce) {
        assertEquals(0, perform(op -> op.shutdown(at(ends[1]), weft_h.SHUT_RDWR())));
      } else {
        assertEquals(0, perform(op -> op.shutdown(at(ends[1]), weft_h.SHUT_RD())));
        assertEquals(0, perform(op -> op.shutdown(at(ends[1]), weft_h.SHUT_WR())));
      }
      assertEquals(0, receive(ends[0], 10));
      assertEquals(1, send(ends[0], "x"), "this end does not know yet");
      assertEquals(
          weft_h.POLLERR(),
          weft_h.POLLERR() & perform(op -> op.poll(at(ends[0]), weft_h.POLLERR())));
      assertEquals(code(Errno.EPIPE), send(ends[0], "y"));
      assertEquals(code(Errno.ECONNRESET), send(ends[1], "z"));
      discard(ends);
      current().close();
    }
  }

  @Test
  void aDirectionIsShutAsOftenAsWantedUntilBothAreOver() throws Exception {
    backend();
    int[] ends = connection();
    assertEquals(0, perform(op -> op.shutdown(at(ends[0]), weft_h.SHUT_WR())));
    assertEquals(0, perform(op -> op.shutdown(at(ends[0]), weft_h.SHUT_WR())));
    assertEquals(0, receive(ends[1], 1));
    assertEquals(0, perform(op -> op.shutdown(at(ends[1]), weft_h.SHUT_RDWR())));
    assertEquals(0, receive(ends[0], 1));
    assertEquals(code(Errno.ENOTCONN), perform(op -> op.shutdown(at(ends[0]), weft_h.SHUT_WR())));
    assertEquals(code(Errno.ENOTCONN), perform(op -> op.shutdown(at(ends[1]), weft_h.SHUT_RDWR())));
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
    assertEquals(code(Errno.ENOTCONN), perform(op -> op.shutdown(at(ends[0]), weft_h.SHUT_WR())));
    discard(ends[0]);
  }

  @Test
  void lingeringForZeroSecondsResetsTheConnection() throws Exception {
    backend();
    int[] ends = connection();
    MemorySegment value = arena.allocate(linger.layout());
    linger.l_onoff(value, 1);
    int level = weft_h.SOL_SOCKET();
    int size = (int) linger.sizeof();
    int set = control(Op.SET_OPTION, ends[1], level, weft_h.SO_LINGER(), value.address(), size);
    assertEquals(0, set);
    discard(ends[1]);
    assertEquals(code(Errno.ECONNRESET), send(ends[0], "x"));
    assertEquals(0, receive(ends[0], 10));
    discard(ends[0]);
  }

  @Test
  void bytesToAnEndThatIsGoneComeBackAsAReset() throws Exception {
    backend();
    int[] ends = connection();
    discard(ends[1]);
    assertEquals(0, receive(ends[0], 10), "it closed in order");
    assertEquals(1, send(ends[0], "x"), "this end does not know yet");
    assertEquals(
        weft_h.POLLERR(), weft_h.POLLERR() & perform(op -> op.poll(at(ends[0]), weft_h.POLLERR())));
    assertEquals(code(Errno.EPIPE), send(ends[0], "y"));
    discard(ends[0]);
  }

  @Test
  void aSendIsWholeHoweverSmallTheBuffers() throws Exception {
    Backend backend = backend();
    int[] ends = connection();
    int length = 8 << 20;
    MemorySegment large = arena.allocate(length);
    Op send = backend.create(completed::add);
    backend.submit(send.send(at(ends[0]), large.address(), length));
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
  void aCancelledSendTellsHowMuchItSent() throws Exception {
    Backend backend = backend();
    int[] ends = connection();
    int length = 64 << 20;
    Op send = backend.create(completed::add);
    backend.submit(send.send(at(ends[0]), arena.allocate(length).address(), length));
    backend.poll(0);
    backend.cancel(send);
    pollUntilCompleted(1);
    assertTrue(send.result() > 0 && send.result() < length, send::toString);
    discard(ends);
  }

  @Test
  void readAndWriteWorkOnSocketsToo() throws Exception {
    backend();
    int[] ends = connection();
    assertEquals(3, perform(op -> op.write(at(ends[0]), text("abc").address(), 3, HERE)));
    assertEquals(3, perform(op -> op.read(at(ends[1]), arena.allocate(9).address(), 9, HERE)));
    assertEquals(weft_h.POLLOUT(), perform(op -> op.poll(at(ends[0]), weft_h.POLLOUT())));
    assertEquals(weft_h.S_IFSOCK(), control(Op.FILE_TYPE, ends[0], 0, 0, 0, 0));
    discard(ends);
  }

  @Test
  void anUnconnectedSocketSaysSo() throws Exception {
    backend();
    int socket = socket(weft_h.AF_INET());
    assertEquals(code(Errno.ENOTCONN), receive(socket, 1));
    assertEquals(code(Errno.EPIPE), send(socket, "x"));
    assertEquals(code(Errno.ENOTCONN), perform(op -> op.shutdown(at(socket), weft_h.SHUT_WR())));
    assertEquals(code(Errno.EINVAL), perform(op -> op.acceptMultishot(at(socket))));
    MemorySegment encoded = arena.allocate(SocketAddresses.BYTES_MAX);
    int length = SocketAddresses.BYTES_MAX;
    assertEquals(
        code(Errno.ENOTCONN), control(Op.GETPEERNAME, socket, 0, 0, encoded.address(), length));
    assertEquals(0, name(Op.GETSOCKNAME, socket).getPort());
    discard(socket);
  }

  @Test
  void whatIsNoSocketSaysSo() throws Exception {
    backend();
    int[] pipe = pipe();
    assertEquals(code(Errno.ENOTSOCK), perform(op -> op.acceptMultishot(at(pipe[0]))));
    assertEquals(code(Errno.ENOTSOCK), perform(op -> op.send(at(pipe[1]), op.scratch(), 1)));
    assertEquals(code(Errno.ENOTSOCK), perform(op -> op.shutdown(at(pipe[1]), 0)));
    assertEquals(code(Errno.ENOTSOCK), control(Op.LISTEN, pipe[0], 1, 0, 0, 0));
    discard(pipe);
  }

  @Test
  void anAddressIsTakenOnce() throws Exception {
    backend();
    int listener = listener(10);
    int port = name(Op.GETSOCKNAME, listener).getPort();
    assertNotEquals(0, port);
    int second = socket(weft_h.AF_INET());
    assertEquals(code(Errno.EADDRINUSE), bind(second, "127.0.0.1", port));
    assertEquals(code(Errno.EADDRINUSE), bind(second, "0.0.0.0", port));
    assertEquals(0, bind(second, "127.0.0.2", port));
    assertEquals(code(Errno.EINVAL), bind(second, "127.0.0.2", 0), "it is bound");
    int third = socket(weft_h.AF_INET());
    assertEquals(code(Errno.EADDRNOTAVAIL), bind(third, "192.0.2.1", 0));
    discard(listener, second, third);
  }

  @Test
  void anIpv6WildcardTakesIpv4UnlessToldNotTo() throws Exception {
    backend();
    int both = socket(weft_h.AF_INET6());
    assertEquals(0, bind(both, "::", 0));
    assertEquals(0, control(Op.LISTEN, both, 10, 0, 0, 0));
    int port = name(Op.GETSOCKNAME, both).getPort();
    int client = socket(weft_h.AF_INET());
    InetAddress loopback = InetAddress.ofLiteral("127.0.0.1");
    assertEquals(0, connect(client, new InetSocketAddress(loopback, port)));
    int server = acceptOne(both);
    assertEquals(loopback, name(Op.GETPEERNAME, server).getAddress());
    discard(both, client, server);
  }

  @Test
  void optionsAreKept() throws Exception {
    backend();
    int socket = socket(weft_h.AF_INET());
    assertEquals(0, option(socket, weft_h.SOL_SOCKET(), weft_h.SO_KEEPALIVE()));
    set(socket, weft_h.SOL_SOCKET(), weft_h.SO_KEEPALIVE(), 1);
    assertEquals(1, option(socket, weft_h.SOL_SOCKET(), weft_h.SO_KEEPALIVE()));
    set(socket, weft_h.SOL_SOCKET(), weft_h.SO_RCVBUF(), 10_000);
    assertEquals(20_000, option(socket, weft_h.SOL_SOCKET(), weft_h.SO_RCVBUF()), "doubled");
    set(socket, weft_h.IPPROTO_TCP(), weft_h.TCP_NODELAY(), 1);
    assertEquals(1, option(socket, weft_h.IPPROTO_TCP(), weft_h.TCP_NODELAY()));
    set(socket, weft_h.IPPROTO_TCP(), weft_h.TCP_USER_TIMEOUT(), 1234);
    assertEquals(1234, option(socket, weft_h.IPPROTO_TCP(), weft_h.TCP_USER_TIMEOUT()));
    assertEquals(0, option(socket, weft_h.SOL_SOCKET(), weft_h.SO_ERROR()));
    MemorySegment value = arena.allocate(4);
    int unknown = control(Op.SET_OPTION, socket, weft_h.SOL_SOCKET(), 9999, value.address(), 4);
    assertEquals(code(Errno.ENOPROTOOPT), unknown);
    discard(socket);
  }

  @Test
  void anEndThatTakesNothingIsGivenUpAfterTheUserTimeout() throws Exception {
    backend();
    int[] ends = connection();
    set(ends[0], weft_h.IPPROTO_TCP(), weft_h.TCP_USER_TIMEOUT(), 10);
    int length = 16 << 20; // more than there is room for
    MemorySegment large = arena.allocate(length);

    int sent = perform(op -> op.send(at(ends[0]), large.address(), length));

    assertTrue(sent > 0 && sent < length, () -> "sent " + sent);
    assertEquals(code(Errno.EPIPE), send(ends[0], "x"));
    assertEquals(1, send(ends[1], "x"), "that end does not know yet");
    assertEquals(
        weft_h.POLLERR(), weft_h.POLLERR() & perform(op -> op.poll(at(ends[1]), weft_h.POLLERR())));
    discard(ends);
  }

  private void set(int socket, int level, int name, int number) {
    MemorySegment value = arena.allocateFrom(ValueLayout.JAVA_INT, number);
    assertEquals(0, control(Op.SET_OPTION, socket, level, name, value.address(), 4));
  }

  private int option(int socket, int level, int name) {
    MemorySegment value = arena.allocate(ValueLayout.JAVA_INT);
    assertEquals(0, control(Op.GET_OPTION, socket, level, name, value.address(), 4));
    return value.get(ValueLayout.JAVA_INT, 0);
  }
}

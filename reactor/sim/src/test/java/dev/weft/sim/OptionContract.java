// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.ConnectionInfo;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.backend.SocketOption;
import dev.weft.internal.backend.SocketType;
import java.net.ProtocolFamily;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a backend promises of the options of sockets. */
abstract class OptionContract extends SocketContract {
  int trySet(int socket, SocketOption option, int value) {
    return call(call -> call.setOption(at(socket), option, value));
  }

  int option(int socket, SocketOption option) {
    assertEquals(0, call(call -> call.getOption(at(socket), option)), option::name);
    return call.value();
  }

  @Test
  void socketOptionsAreKept() throws Exception {
    backend();
    int socket = socket(INET);
    assertEquals(0, option(socket, SocketOption.KEEP_ALIVE));
    set(socket, SocketOption.KEEP_ALIVE, 1);
    assertEquals(1, option(socket, SocketOption.KEEP_ALIVE));
    set(socket, SocketOption.RECEIVE_BUFFER, 10_000);
    assertEquals(20_000, option(socket, SocketOption.RECEIVE_BUFFER), "doubled");
    set(socket, SocketOption.NO_DELAY, 1);
    assertEquals(1, option(socket, SocketOption.NO_DELAY));
    set(socket, SocketOption.USER_TIMEOUT, 1234);
    assertEquals(1234, option(socket, SocketOption.USER_TIMEOUT));
    assertEquals(0, option(socket, SocketOption.ERROR));
    discard(socket);
  }

  @Test
  void acceptedConnectionsInheritTheOptionsOfTheirListener() throws Exception {
    backend();
    int listener = socket(INET);
    set(listener, SocketOption.KEEP_ALIVE, 1);
    set(listener, SocketOption.NO_DELAY, 1);
    set(listener, SocketOption.USER_TIMEOUT, 1234);
    assertEquals(0, bind(listener, "127.0.0.1", 0));
    assertEquals(0, call(call -> call.listen(at(listener), 10)));
    int client = socket(INET);
    assertEquals(0, connect(client, localName(listener)));

    int server = acceptOne(listener);

    assertEquals(1, option(server, SocketOption.KEEP_ALIVE));
    assertEquals(1, option(server, SocketOption.NO_DELAY));
    assertEquals(1234, option(server, SocketOption.USER_TIMEOUT));
    discard(listener, client, server);
  }

  @Test
  void theTimesOfKeepAliveHaveTheirOwnUnitsAndLimits() throws Exception {
    backend();
    int socket = socket(INET);
    assertEquals(7200, option(socket, SocketOption.KEEP_IDLE));
    assertEquals(75, option(socket, SocketOption.KEEP_INTERVAL));
    assertEquals(9, option(socket, SocketOption.KEEP_COUNT));
    set(socket, SocketOption.KEEP_IDLE, 60);
    set(socket, SocketOption.KEEP_INTERVAL, 5);
    set(socket, SocketOption.KEEP_COUNT, 3);
    assertEquals(60, option(socket, SocketOption.KEEP_IDLE));
    assertEquals(5, option(socket, SocketOption.KEEP_INTERVAL));
    assertEquals(3, option(socket, SocketOption.KEEP_COUNT));
    assertEquals(code(Errno.EINVAL), trySet(socket, SocketOption.KEEP_IDLE, 0));
    assertEquals(code(Errno.EINVAL), trySet(socket, SocketOption.KEEP_COUNT, 128));
    discard(socket);
  }

  @Test
  void theBitsOfATrafficClassThatTcpUsesAreNotSet() throws Exception {
    for (ProtocolFamily family : List.of(INET, INET6)) {
      backend();
      int socket = socket(family);
      set(socket, SocketOption.TRAFFIC_CLASS, 0xb8 | 1);
      assertEquals(0xb8, option(socket, SocketOption.TRAFFIC_CLASS), family::name);
      discard(socket);
      current().close();
    }
  }

  @Test
  void aSocketLingersIfAskedTo() throws Exception {
    backend();
    int socket = socket(INET);
    assertEquals(-1, option(socket, SocketOption.LINGER));
    set(socket, SocketOption.LINGER, 7);
    assertEquals(7, option(socket, SocketOption.LINGER));
    set(socket, SocketOption.LINGER, -1);
    assertEquals(-1, option(socket, SocketOption.LINGER));
    discard(socket);
  }

  @Test
  void theOptionsThatTheJdkDoesNotHaveAreKept() throws Exception {
    backend();
    require(Capability.SOCKET_OPTIONS);
    int socket = socket(INET);
    set(socket, SocketOption.BROADCAST, 1);
    assertEquals(1, option(socket, SocketOption.BROADCAST));
    set(socket, SocketOption.CORK, 1);
    assertEquals(1, option(socket, SocketOption.CORK));
    set(socket, SocketOption.CORK, 0);
    set(socket, SocketOption.FAST_OPEN_CONNECT, 1);
    assertEquals(1, option(socket, SocketOption.FAST_OPEN_CONNECT));
    assertEquals(0, option(socket, SocketOption.NOT_SENT_LOW_WATER), "the default");
    set(socket, SocketOption.NOT_SENT_LOW_WATER, 16_384);
    assertEquals(16_384, option(socket, SocketOption.NOT_SENT_LOW_WATER));
    set(socket, SocketOption.PRIORITY, 6);
    assertEquals(6, option(socket, SocketOption.PRIORITY));
    set(socket, SocketOption.BIND_WITHOUT_PORT, 1);
    assertEquals(0, option(socket, SocketOption.MARK));
    assertEquals(-1, option(socket, SocketOption.INCOMING_CPU), "no packet has come yet");
    int listener = listener(10);
    set(listener, SocketOption.FAST_OPEN_QUEUE, 5);
    assertEquals(5, option(listener, SocketOption.FAST_OPEN_QUEUE));
    discard(socket, listener);
  }

  @Test
  void anOptionOfAnOpenListenerIsThatOfLaterConnections() throws Exception {
    backend();
    int listener = listener(10);
    set(listener, SocketOption.KEEP_ALIVE, 1);
    set(listener, SocketOption.KEEP_IDLE, 60);
    assertEquals(1, option(listener, SocketOption.KEEP_ALIVE));
    int client = socket(INET);
    assertEquals(0, connect(client, localName(listener)));
    int server = acceptOne(listener);
    assertEquals(1, option(server, SocketOption.KEEP_ALIVE));
    assertEquals(60, option(server, SocketOption.KEEP_IDLE));
    assertEquals(0, option(client, SocketOption.KEEP_ALIVE));
    discard(listener, client, server);
  }

  @Test
  void aConnectionStartsAtTheAddressThatItsSocketIsBoundTo() throws Exception {
    backend();
    int listener = listener(10);
    int client = socket(INET);
    if (current().has(Capability.SOCKET_OPTIONS)) {
      set(client, SocketOption.BIND_WITHOUT_PORT, 1);
    }
    assertEquals(0, bind(client, "127.0.0.3", 0));
    assertEquals(0, connect(client, localName(listener)));
    int server = acceptOne(listener);
    assertEquals("127.0.0.3", peerName(server).getAddress().getHostAddress());
    assertNotEquals(0, localName(client).getPort());
    discard(listener, client, server);
  }

  @Test
  void aSocketKnowsItsType() throws Exception {
    backend();
    int stream = socket(INET);
    int datagrams = call(call -> call.socket(INET, SocketType.DATAGRAM));
    assertEquals(SocketType.STREAM.number(), option(stream, SocketOption.TYPE));
    assertEquals(SocketType.DATAGRAM.number(), option(datagrams, SocketOption.TYPE));
    assertEquals(code(Errno.ENOPROTOOPT), trySet(stream, SocketOption.TYPE, 1));
    discard(stream, datagrams);
  }

  @Test
  void aSocketOfIpv4DoesNotHaveTheOptionsOfIpv6() throws Exception {
    backend();
    require(Capability.SOCKET_OPTIONS);
    int socket = socket(INET);
    assertEquals(code(Errno.ENOPROTOOPT), trySet(socket, SocketOption.IPV6_ONLY, 1));
    assertEquals(
        code(Errno.EOPNOTSUPP), call(call -> call.getOption(at(socket), SocketOption.IPV6_ONLY)));
    discard(socket);
  }

  @Test
  void bytesOnTheWayAreCounted() throws Exception {
    Backend backend = backend();
    require(Capability.SOCKET_STATS);
    int[] ends = connection();
    assertEquals(0, call(call -> call.unreadBytes(at(ends[1]))));
    assertEquals(3, send(ends[0], "abc"));
    assertEquals(
        PollEvents.READABLE, perform(op -> op.poll(at(ends[1]), PollEvents.READABLE)), "arrived");
    assertEquals(3, call(call -> call.unreadBytes(at(ends[1]))));
    assertEquals(0, call(call -> call.unsentBytes(at(ends[0]))), "acknowledged");
    assertEquals(1, receive(ends[1], 1));
    assertEquals(2, call(call -> call.unreadBytes(at(ends[1]))));

    int length = 64 << 20; // more than the buffers hold
    Op large = backend.create(done -> {});
    backend.submit(large.send(at(ends[0]), arena.allocate(length), 0, length));
    backend.poll(0);
    int unsent;
    do { // until the other end's buffer is full
      backend.poll(1);
      unsent = call(call -> call.unsentBytes(at(ends[0])));
    } while (unsent == 0);
    assertTrue(unsent < length);
    backend.cancel(large);
    pollUntilDone(large);
    discard(ends);
  }

  @Test
  void aConnectionIsDescribed() throws Exception {
    backend();
    require(Capability.SOCKET_STATS);
    int[] ends = connection();
    ConnectionInfo info = new ConnectionInfo();
    assertEquals(0, call(call -> call.connectionInfo(at(ends[0]), info)));
    assertTrue(info.segmentBytes > 0);
    assertTrue(info.congestionWindow > 0);
    assertEquals(0, info.retransmissions);
    assertEquals(0, info.lost);
    discard(ends);
  }

  @Test
  void aListenerHasNoBytes() throws Exception {
    backend();
    require(Capability.SOCKET_STATS);
    int listener = listener(10);
    assertEquals(code(Errno.EINVAL), call(call -> call.unreadBytes(at(listener))));
    assertEquals(code(Errno.EINVAL), call(call -> call.unsentBytes(at(listener))));
    int[] pipe = pipe();
    ConnectionInfo info = new ConnectionInfo();
    assertEquals(code(Errno.ENOTSOCK), call(call -> call.connectionInfo(at(pipe[0]), info)));
    discard(pipe);
    discard(listener);
  }
}

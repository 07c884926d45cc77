// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static java.net.StandardProtocolFamily.INET;
import static java.net.StandardProtocolFamily.INET6;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Message;
import dev.weft.internal.backend.SocketOption;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;

/** What a backend promises of the addresses that datagrams arrive at, and leave from. */
abstract class PacketInfoContract extends DatagramContract {
  private static final InetAddress ONE = InetAddress.ofLiteral("127.0.0.1");
  private static final InetAddress OTHER = InetAddress.ofLiteral("127.0.0.2");

  /** A socket on a wildcard address that reports where datagrams have arrived. */
  private int teller(boolean six) throws Exception {
    backend();
    require(Capability.SOCKET_OPTIONS);
    int socket = datagrams(six ? INET6 : INET);
    assertEquals(0, option(socket, SocketOption.PACKET_INFO));
    set(socket, SocketOption.PACKET_INFO, 1);
    assertEquals(1, option(socket, SocketOption.PACKET_INFO));
    assertEquals(0, bind(socket, six ? "::" : "0.0.0.0", 0));
    return socket;
  }

  private InetSocketAddress at(InetAddress address, int socket) {
    return new InetSocketAddress(address, localName(socket).getPort());
  }

  private int reply(int socket, Message message) {
    MemorySegment bytes = text("reply");
    return perform(op -> op.sendMessage(at(socket), bytes, 5, message));
  }

  @Test
  void aReplyComesFromTheAddressThatWasSentTo() throws Exception {
    for (boolean six : new boolean[] {false, true}) { // which takes IPv4, too
      int server = teller(six);
      int client = bound("127.0.0.3");
      Message message = new Message().takingLocal();
      for (InetAddress address : new InetAddress[] {ONE, OTHER}) {
        assertEquals(1, send(client, "x", at(address, server)));
        assertEquals("x", receive(server, 10, message));
        assertEquals(address, message.local());
        assertEquals(localName(client), message.address());
        assertEquals(5, reply(server, message));
        Message answer = new Message();
        assertEquals("reply", receive(client, 10, answer));
        assertEquals(at(address, server), answer.address());
      }
      discard(server, client);
      current().close();
    }
  }

  @Test
  void aReplyOverIpv6ComesFromTheAddressThatWasSentTo() throws Exception {
    int server = teller(true);
    int client = bound("::1");
    Message message = new Message().takingLocal();
    InetAddress address = InetAddress.ofLiteral("::1");
    assertEquals(1, send(client, "x", at(address, server)));
    assertEquals("x", receive(server, 10, message));
    assertEquals(address, message.local());
    assertEquals(5, reply(server, message));
    Message answer = new Message();
    assertEquals("reply", receive(client, 10, answer));
    assertEquals(at(address, server), answer.address());
    discard(server, client);
  }

  @Test
  void theSameLocalAddressIsTheSameObject() throws Exception {
    int server = teller(false);
    int client = bound("127.0.0.3");
    Message message = new Message().takingLocal();
    assertEquals(1, send(client, "x", at(OTHER, server)));
    assertEquals(1, send(client, "y", at(OTHER, server)));
    assertEquals("x", receive(server, 10, message));
    InetAddress first = message.local();
    assertEquals("y", receive(server, 10, message));
    assertSame(first, message.local());
    discard(server, client);
  }

  @Test
  void theLocalAddressIsReportedToThoseThatAskForIt() throws Exception {
    int server = teller(false);
    int silent = bound("0.0.0.0");
    int client = bound("127.0.0.3");
    Message asked = new Message().takingLocal();
    Message other = new Message();
    assertEquals(1, send(client, "x", at(OTHER, server)));
    assertEquals("x", receive(server, 10, asked));
    assertEquals(OTHER, asked.local());
    assertEquals(1, send(client, "x", at(OTHER, silent)));
    assertEquals("x", receive(silent, 10, asked));
    assertNull(asked.local(), "without the option");
    assertEquals(1, send(client, "x", at(OTHER, server)));
    assertEquals("x", receive(server, 10, other));
    assertNull(other.local());
    discard(server, silent, client);
  }

  @Test
  void anAddressOfAnotherMachineIsRefused() throws Exception {
    int server = teller(false);
    int client = bound("127.0.0.3");
    Message message = new Message().to(localName(client));
    message.from(InetAddress.ofLiteral("192.0.2.1")); // TEST-NET-1 of RFC 5737
    int refused = reply(server, message); // which error depends on the kernel's version
    assertTrue(
        refused == code(Errno.ENETUNREACH) || refused == code(Errno.EINVAL), () -> "" + refused);
    message.from(OTHER);
    assertEquals(5, reply(server, message));
    discard(server, client);
  }
}

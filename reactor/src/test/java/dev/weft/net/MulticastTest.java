// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static dev.weft.Throwing.assertThrows;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Deadline;
import dev.weft.Reactors;
import dev.weft.Throwing;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.nio.channels.ClosedChannelException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Multicast on the loopback interface, which needs no route. */
class MulticastTest {
  private static final InetAddress ADDRESS = InetAddress.ofLiteral("239.1.2.3");
  private static final InetAddress SOURCE = InetAddress.ofLiteral("127.0.0.1");
  private static final InetAddress OTHER_SOURCE = InetAddress.ofLiteral("127.0.0.2");

  private static NetworkInterface loopback() throws Exception {
    return NetworkInterface.getByInetAddress(SOURCE);
  }

  private static MulticastGroup group() throws Exception {
    return new MulticastGroup(ADDRESS, loopback());
  }

  private static MulticastGroup from(InetAddress source) throws Exception {
    return new MulticastGroup(ADDRESS, loopback(), source);
  }

  private static UdpSocket member() throws Exception {
    return UdpSocket.bind(new InetSocketAddress(0));
  }

  private static UdpSocket sender() throws Exception {
    SocketOptions options =
        SocketOptions.defaults()
            .with(SocketOption.MULTICAST_INTERFACE, loopback().getIndex())
            .with(SocketOption.MULTICAST_TTL, 0);
    return UdpSocket.bind(new InetSocketAddress(SOURCE, 0), options);
  }

  private static void send(UdpSocket from, String text, InetAddress address, UdpSocket to)
      throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocateFrom(text).asSlice(0, text.length());
      from.send(bytes, new InetSocketAddress(address, to.localAddress().getPort()));
    }
  }

  private static String receive(UdpSocket socket) throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      Datagram datagram = new Datagram(arena.allocate(100));
      socket.receive(datagram);
      return new String(datagram.content().toArray(JAVA_BYTE), US_ASCII);
    }
  }

  private static Errno errno(Throwing.Body body) {
    return assertThrows(ErrnoException.class, body).errno();
  }

  @Test
  void aMemberReceivesUntilItLeaves() throws Exception {
    Reactors.run(
        () -> {
          try (UdpSocket member = member();
              UdpSocket sender = sender()) {
            assertEquals(0, sender.getOption(SocketOption.MULTICAST_TTL));
            member.join(group());
            send(sender, "joined", ADDRESS, member);
            assertEquals("joined", receive(member));
            member.leave(group());
            send(sender, "left", ADDRESS, member);
            send(sender, "direct", SOURCE, member);
            assertEquals("direct", receive(member));
          }
        });
  }

  @Test
  void aSourceIsHeardAlone() throws Exception {
    Reactors.run(
        () -> {
          try (UdpSocket member = member();
              UdpSocket sender = sender()) {
            member.join(from(OTHER_SOURCE));
            send(sender, "unheard", ADDRESS, member);
            member.join(from(SOURCE));
            send(sender, "heard", ADDRESS, member);
            assertEquals("heard", receive(member));
          }
        });
  }

  @Test
  void membershipsThatOverlapAreRefused() throws Exception {
    Reactors.run(
        () -> {
          try (UdpSocket member = member()) {
            assertEquals(Errno.EADDRNOTAVAIL, errno(() -> member.leave(group())));
            member.join(group());
            assertEquals(Errno.EADDRINUSE, errno(() -> member.join(group())));
            assertEquals(Errno.EADDRINUSE, errno(() -> member.join(from(SOURCE))));
            member.leave(group());
            member.join(from(SOURCE));
            assertEquals(Errno.EADDRINUSE, errno(() -> member.join(group())));
            assertEquals(Errno.EADDRNOTAVAIL, errno(() -> member.leave(from(OTHER_SOURCE))));
            member.leave(from(SOURCE));
            member.join(group());
          }
        });
  }

  @Test
  void anIpv4SocketCantJoinAGroupOfIpv6() throws Exception {
    Reactors.run(
        () -> {
          MulticastGroup six = new MulticastGroup(InetAddress.ofLiteral("ff11::1"), loopback());
          try (UdpSocket member = sender()) {
            ErrnoException e = assertThrows(ErrnoException.class, () -> member.join(six));
            assertEquals(Errno.EAFNOSUPPORT, e.errno());
            assertEquals("join ff11:0:0:0:0:0:0:1 on lo", e.getMessage().split(": ", 2)[0]);
          }
        });
  }

  @Test
  void aClosedSocketRefusesMemberships() throws Exception {
    Reactors.run(
        () -> {
          UdpSocket member = member();
          member.join(group());
          member.close();
          assertThrows(ClosedChannelException.class, () -> member.join(from(SOURCE)));
          assertThrows(ClosedChannelException.class, () -> member.leave(group()));
        });
  }

  @Test
  void connectionsHaveNoOptionsOfMulticast() throws Exception {
    Reactors.run(
        () -> {
          SocketOptions options = SocketOptions.defaults().with(SocketOption.MULTICAST_LOOP, false);
          try (TcpListener listener = TcpListener.bind(new InetSocketAddress(SOURCE, 0), options);
              TcpSocket client =
                  TcpSocket.connect(listener.localAddress(), options, Deadline.NEVER)) {
            assertEquals(listener.localAddress(), client.remoteAddress());
          }
        });
  }

  @Test
  @Tag("mode-independent")
  void aGroupThatIsNoneIsRefusedByName() throws Exception {
    assertEquals(
        "not an address of multicast: 127.0.0.1",
        assertThrows(IllegalArgumentException.class, () -> new MulticastGroup(SOURCE, loopback()))
            .getMessage());
    assertEquals(
        "not the address of a sender: 239.1.2.3",
        assertThrows(IllegalArgumentException.class, () -> from(ADDRESS)).getMessage());
    assertEquals(
        "the sender 0:0:0:0:0:0:0:1 and the group 239.1.2.3 differ in family",
        assertThrows(IllegalArgumentException.class, () -> from(InetAddress.ofLiteral("::1")))
            .getMessage());
  }
}

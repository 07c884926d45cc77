// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static java.net.StandardProtocolFamily.INET;
import static java.net.StandardProtocolFamily.INET6;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Message;
import dev.weft.internal.backend.MulticastMembership;
import dev.weft.internal.backend.SocketOption;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import org.junit.jupiter.api.Test;

/** What a backend promises of multicast. All of it is on the loopback interface. */
abstract class MulticastContract extends PacketInfoContract {
  private static final InetAddress GROUP = InetAddress.ofLiteral("239.1.2.3");
  private static final InetAddress OTHER_GROUP = InetAddress.ofLiteral("239.1.2.4");
  private static final InetAddress GROUP_6 = InetAddress.ofLiteral("ff11::1:2:3");
  private static final InetAddress SOURCE = InetAddress.ofLiteral("127.0.0.1");
  private static final InetAddress OTHER_SOURCE = InetAddress.ofLiteral("127.0.0.2");

  private static int loopback() throws Exception {
    return NetworkInterface.getByInetAddress(SOURCE).getIndex();
  }

  private static MulticastMembership all(InetAddress group) throws Exception {
    return new MulticastMembership(group, loopback(), null);
  }

  private static MulticastMembership from(InetAddress source) throws Exception {
    return new MulticastMembership(GROUP, loopback(), source);
  }

  private int join(int socket, MulticastMembership membership) {
    return call(call -> call.joinGroup(at(socket), membership));
  }

  private int leave(int socket, MulticastMembership membership) {
    return call(call -> call.leaveGroup(at(socket), membership));
  }

  /** A socket whose datagrams to groups leave by the loopback interface. */
  private int sender(String address) throws Exception {
    int socket = bound(address);
    set(socket, SocketOption.MULTICAST_INTERFACE, loopback());
    return socket;
  }

  private InetSocketAddress in(InetAddress group, int receiver) {
    return new InetSocketAddress(group, localName(receiver).getPort());
  }

  private InetSocketAddress loopbackOf(int receiver) {
    return in(SOURCE, receiver);
  }

  @Test
  void aMemberGetsWhatIsSentToItsGroup() throws Exception {
    for (String any : new String[] {"0.0.0.0", "::"}) { // of IPv4, and of both families
      backend();
      int member = bound(any);
      int sender = sender("127.0.0.1");
      assertEquals(0, join(member, all(GROUP)), any);
      assertEquals(5, send(sender, "hello", in(GROUP, member)));
      Message message = new Message();
      assertEquals("hello", receive(member, 100, message));
      assertEquals(localName(sender), message.address());
      discard(member, sender);
      current().close();
    }
  }

  @Test
  void aMemberHearsItsOwnGroupsAlone() throws Exception {
    backend();
    int[] members = {bound("0.0.0.0"), bound("0.0.0.0")};
    int sender = sender("127.0.0.1");
    assertEquals(0, join(members[0], all(GROUP)));
    assertEquals(0, join(members[1], all(OTHER_GROUP)));
    assertEquals(5, send(sender, "other", in(OTHER_GROUP, members[0])));
    assertEquals(4, send(sender, "mine", in(GROUP, members[0])));
    assertEquals("mine", receive(members[0], 100, new Message()));
    discard(members);
    discard(sender);
  }

  @Test
  void membersThatShareAPortGetADatagramEach() throws Exception {
    backend();
    int first = datagrams(INET);
    set(first, SocketOption.REUSE_PORT, 1);
    assertEquals(0, bind(first, "0.0.0.0", 0));
    int second = datagrams(INET);
    set(second, SocketOption.REUSE_PORT, 1);
    assertEquals(0, bind(second, "0.0.0.0", localName(first).getPort()));
    int sender = sender("127.0.0.1");
    assertEquals(0, join(first, all(GROUP)));
    assertEquals(0, join(second, all(GROUP)));
    assertEquals(1, send(sender, "x", in(GROUP, first)));
    assertEquals("x", receive(first, 100, new Message()));
    assertEquals("x", receive(second, 100, new Message()));
    discard(first, second, sender);
  }

  @Test
  void whoHasLeftGetsNoMore() throws Exception {
    backend();
    int member = bound("0.0.0.0");
    int sender = sender("127.0.0.1");
    assertEquals(0, join(member, all(GROUP)));
    assertEquals(0, leave(member, all(GROUP)));
    assertEquals(5, send(sender, "group", in(GROUP, member)));
    assertEquals(6, send(sender, "direct", loopbackOf(member)));
    assertEquals("direct", receive(member, 100, new Message()));
    assertEquals(0, join(member, all(GROUP)), "again");
    assertEquals(5, send(sender, "again", in(GROUP, member)));
    assertEquals("again", receive(member, 100, new Message()));
    discard(member, sender);
  }

  @Test
  void aSourceIsHeardAlone() throws Exception {
    backend();
    int member = bound("0.0.0.0");
    int heard = sender("127.0.0.1");
    int other = sender("127.0.0.2");
    assertEquals(0, join(member, from(SOURCE)));
    assertEquals(5, send(other, "other", in(GROUP, member)));
    assertEquals(5, send(heard, "heard", in(GROUP, member)));
    assertEquals("heard", receive(member, 100, new Message()));

    assertEquals(0, join(member, from(OTHER_SOURCE)), "one more");
    assertEquals(0, leave(member, from(SOURCE)));
    assertEquals(1, send(heard, "x", in(GROUP, member)));
    assertEquals(3, send(other, "now", in(GROUP, member)));
    assertEquals("now", receive(member, 100, new Message()));
    discard(member, heard, other);
  }

  @Test
  void membershipsThatCantBeAreRefused() throws Exception {
    backend();
    int member = bound("0.0.0.0");
    assertEquals(code(Errno.EADDRNOTAVAIL), leave(member, all(GROUP)), "before a join");
    assertEquals(0, join(member, all(GROUP)));
    assertEquals(code(Errno.EADDRINUSE), join(member, all(GROUP)), "twice");
    assertEquals(0, leave(member, all(GROUP)));
    assertEquals(code(Errno.EADDRNOTAVAIL), leave(member, all(GROUP)), "twice");
    assertEquals(code(Errno.EADDRNOTAVAIL), leave(member, from(SOURCE)), "of a source");
    assertEquals(0, join(member, from(SOURCE)));
    assertEquals(code(Errno.EADDRINUSE), join(member, from(SOURCE)), "of a source, twice");
    assertEquals(code(Errno.EADDRINUSE), join(member, all(GROUP)), "of all, after a source");
    assertEquals(code(Errno.EINVAL), join(member, all(SOURCE)), "no group");
    assertEquals(code(Errno.EAFNOSUPPORT), join(member, all(GROUP_6)), "of the other family");
    int noInterface = 1_000_000_000;
    assertEquals(
        code(Errno.ENODEV), join(member, new MulticastMembership(OTHER_GROUP, noInterface, null)));
    discard(member);
  }

  @Test
  void groupsOfIpv6AreJoinedAndLeft() throws Exception {
    backend();
    int member = bound("::");
    InetAddress source = InetAddress.ofLiteral("::1");
    assertEquals(code(Errno.EADDRNOTAVAIL), leave(member, all(GROUP_6)));
    assertEquals(0, join(member, all(GROUP_6)));
    assertEquals(code(Errno.EADDRINUSE), join(member, all(GROUP_6)));
    assertEquals(0, leave(member, all(GROUP_6)));
    MulticastMembership ofOne = new MulticastMembership(GROUP_6, loopback(), source);
    assertEquals(0, join(member, ofOne));
    assertEquals(code(Errno.EADDRINUSE), join(member, ofOne));
    assertEquals(0, leave(member, ofOne));
    assertEquals(code(Errno.EADDRNOTAVAIL), leave(member, ofOne));
    assertEquals(code(Errno.EINVAL), join(member, all(source)), "no group");
    discard(member);
  }

  @Test
  void theOptionsOfMulticastAreKept() throws Exception {
    for (boolean six : new boolean[] {false, true}) {
      backend();
      int socket = datagrams(six ? INET6 : INET);
      assertEquals(0, option(socket, SocketOption.MULTICAST_INTERFACE), "none");
      set(socket, SocketOption.MULTICAST_INTERFACE, loopback());
      assertEquals(loopback(), option(socket, SocketOption.MULTICAST_INTERFACE));
      assertEquals(
          code(Errno.ENODEV), trySet(socket, SocketOption.MULTICAST_INTERFACE, 1_000_000_000));
      assertEquals(1, option(socket, SocketOption.MULTICAST_TTL));
      set(socket, SocketOption.MULTICAST_TTL, 7);
      assertEquals(7, option(socket, SocketOption.MULTICAST_TTL));
      assertEquals(code(Errno.EINVAL), trySet(socket, SocketOption.MULTICAST_TTL, 256));
      assertEquals(1, option(socket, SocketOption.MULTICAST_LOOP));
      set(socket, SocketOption.MULTICAST_LOOP, 0);
      assertEquals(0, option(socket, SocketOption.MULTICAST_LOOP));
      discard(socket);
      current().close();
    }
  }
}

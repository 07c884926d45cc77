// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns;

import static dev.weft.dns.Scenario.failure;
import static dev.weft.dns.Scenario.onSockets;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Deadline;
import dev.weft.net.UdpSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** What a resolver takes from a server, or from one that pretends to be it, and what not. */
class MisbehavingServerTest {
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

  private static List<String> ipv4(Resolver resolver, String name) throws Exception {
    return resolver.resolve(name, StandardProtocolFamily.INET, Deadline.NEVER).stream()
        .map(InetAddress::getHostAddress)
        .toList();
  }

  /** An answer that must not be taken. */
  private static Message forged(TestNameServer.Call call) {
    Message forged = call.empty(Rcode.NOERROR);
    forged.addRecord(
        call.record(call.query.getQuestion().getName().toString(), "A 10.6.6.6"), Section.ANSWER);
    return forged;
  }

  // ---- answers that are none

  @Test
  void anAnswerWithAnotherIdIsNotTaken() throws Exception {
    onSockets(
        (server, resolver) -> {
          server
              .with("one.test", "A 10.1.2.3")
              .with(
                  "one.test",
                  call -> {
                    Message forged = forged(call);
                    forged.getHeader().setID(call.query.getHeader().getID() ^ 1);
                    call.send(forged);
                    call.send(call.answer());
                  });
          assertEquals(List.of("10.1.2.3"), ipv4(resolver, "one.test"));
        });
  }

  @Test
  void anAnswerToAnotherQuestionIsNotTaken() throws Exception {
    onSockets(
        (server, resolver) -> {
          server
              .with("one.test", "A 10.1.2.3")
              .with(
                  "one.test",
                  call -> {
                    for (String other : List.of("A 10.6.6.6", "AAAA fd00::666")) {
                      Message forged = new Message(call.query.getHeader().getID());
                      forged.getHeader().setFlag(Flags.QR);
                      String name = other.startsWith("AAAA") ? "one.test" : "two.test";
                      forged.addRecord(call.record(name, other), Section.QUESTION);
                      forged.addRecord(call.record("one.test", "A 10.6.6.6"), Section.ANSWER);
                      call.send(forged);
                    }
                    call.send(call.answer());
                  });
          assertEquals(List.of("10.1.2.3"), ipv4(resolver, "one.test"));
        });
  }

  @Test
  void aQueryOrAnUpdateIsNoAnswer() throws Exception {
    onSockets(
        (server, resolver) -> {
          server
              .with("one.test", "A 10.1.2.3")
              .with(
                  "one.test",
                  call -> {
                    Message query = forged(call);
                    query.getHeader().unsetFlag(Flags.QR);
                    call.send(query);
                    Message update = forged(call);
                    update.getHeader().setOpcode(Opcode.UPDATE);
                    call.send(update);
                    call.send(new byte[0]);
                    call.send(new byte[11]);
                    call.send(call.answer());
                  });
          assertEquals(List.of("10.1.2.3"), ipv4(resolver, "one.test"));
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "127.0.0.2"})
  void anAnswerFromAnotherPortOrAddressIsNotTaken(String forger) throws Exception {
    onSockets(
        (server, resolver) -> {
          InetSocketAddress address = new InetSocketAddress(InetAddress.ofLiteral(forger), 0);
          try (UdpSocket other = UdpSocket.bind(address)) {
            server
                .with("one.test", "A 10.1.2.3")
                .with(
                    "one.test",
                    call -> {
                      call.sendFrom(other, forged(call).toWire());
                      call.send(call.answer());
                    });
            assertEquals(List.of("10.1.2.3"), ipv4(resolver, "one.test"));
          }
        });
  }

  @Test
  void aFloodOfDatagramsThatAreNoAnswerEndsTheQuery() throws Exception {
    onSockets(
        (server, resolver) -> {
          server.with(
              "one.test",
              call -> {
                byte[] forged = forged(call).toWire();
                forged[0] ^= 1;
                for (int i = 0; i < 64; i++) {
                  call.send(forged);
                }
              });
          ServerFailureException e =
              failure(ServerFailureException.class, () -> ipv4(resolver, "one.test"));
          assertTrue(e.reason().endsWith(": 64 datagrams were no answer to the query"), e.reason());
        });
  }

  @Test
  void recordsOfOtherNamesAreNotTaken() throws Exception {
    onSockets(
        (server, resolver) -> {
          server
              .with("one.test", "A 10.1.2.3")
              .with(
                  "one.test",
                  call -> {
                    Message answer = call.answer();
                    answer.addRecord(call.record("two.test", "A 10.6.6.6"), Section.ANSWER);
                    answer.addRecord(call.record("one.test", "AAAA fd00::666"), Section.ANSWER);
                    answer.addRecord(call.record("two.test", "A 10.6.6.6"), Section.ADDITIONAL);
                    call.send(answer);
                  })
              .with("two.test", "A 10.1.2.4");
          assertEquals(List.of("10.1.2.3"), ipv4(resolver, "one.test"));
          assertEquals(List.of("10.1.2.4"), ipv4(resolver, "two.test"));
        });
  }

  // ---- answers that can't be read, or are too long

  @Test
  void anAnswerThatCannotBeReadIsAFailureOfTheServer() throws Exception {
    onSockets(
        (server, resolver) -> {
          server.with("one.test", "A 10.1.2.3");
          server.with(
              "one.test",
              call -> {
                byte[] answer = call.answer().toWire();
                answer[7] = 9; // more records than there are
                call.send(answer);
              });
          ServerFailureException e =
              failure(ServerFailureException.class, () -> ipv4(resolver, "one.test"));
          assertTrue(e.reason().contains(": malformed answer: "), e.reason());
          assertEquals(1, server.log.size(), "it is not asked again");
        });
  }

  @Test
  void aTruncatedAnswerIsAskedForOverTcp() throws Exception {
    onSockets(
        (server, resolver) -> {
          server
              .with("one.test", "A 10.1.2.3")
              .with(
                  "one.test",
                  call -> {
                    Message answer = call.isTcp ? call.answer() : call.empty(Rcode.NOERROR);
                    if (!call.isTcp) {
                      answer.getHeader().setFlag(Flags.TC);
                    }
                    call.send(answer);
                  });
          assertEquals(List.of("10.1.2.3"), ipv4(resolver, "one.test"));
          assertEquals(List.of("one.test A udp", "one.test A tcp"), server.log);
        });
  }

  @Test
  void anAnswerLongerThanWasAskedForIsAskedForOverTcp() throws Exception {
    onSockets(
        (server, resolver) -> {
          for (int i = 0; i < 1000; i++) {
            server.with("one.test", "A 10.1." + i / 256 + "." + i % 256);
          }
          assertEquals(1000, ipv4(resolver, "one.test").size());
          assertEquals(List.of("one.test A udp", "one.test A tcp"), server.log);
        });
  }

  @Test
  void aConnectionThatEndsWithinTheAnswerIsAFailureOfTheServer() throws Exception {
    onSockets(
        Scenario.options().withTcpOnly(true),
        (server, resolver) -> {
          server.with(
              "one.test",
              call -> {
                throw new java.io.EOFException("closes the connection");
              });
          ServerFailureException e =
              failure(ServerFailureException.class, () -> ipv4(resolver, "one.test"));
          assertTrue(e.host().equals("one.test") && e.reason().startsWith("127.0.0.1:"));
          assertEquals(List.of("one.test A tcp"), server.log);
        });
  }

  // ---- EDNS

  @Test
  void queriesAnnounceThatLongDatagramsAreAccepted() throws Exception {
    onSockets(
        (server, resolver) -> {
          int[] payload = {0};
          server
              .with("one.test", "A 10.1.2.3")
              .with(
                  "one.test",
                  call -> {
                    payload[0] = call.query.getOPT().getPayloadSize();
                    assertTrue(call.query.getHeader().getFlag(Flags.RD));
                    call.send(call.answer());
                  });
          ipv4(resolver, "one.test");
          assertEquals(1232, payload[0]);
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {Rcode.FORMERR, Rcode.NOTIMP})
  void aServerWithoutEdnsIsAskedAgainWithoutIt(int refusal) throws Exception {
    onSockets(
        (server, resolver) -> {
          server
              .with("one.test", "A 10.1.2.3")
              .with(
                  "one.test",
                  call -> {
                    boolean refuses = call.query.getOPT() != null;
                    call.send(refuses ? call.empty(refusal) : call.answer());
                  });
          assertEquals(List.of("10.1.2.3"), ipv4(resolver, "one.test"));
          assertEquals(2, server.log.size());
        });
  }

  @Test
  void anErrorWithoutAQuestionIsTaken() throws Exception {
    onSockets(
        Scenario.options().withEdns(false),
        (server, resolver) -> {
          server.with(
              "one.test",
              call -> {
                assertTrue(call.query.getOPT() == null);
                Message answer = call.empty(Rcode.FORMERR);
                answer.removeAllRecords(Section.QUESTION);
                call.send(answer);
              });
          ServerFailureException e =
              failure(ServerFailureException.class, () -> ipv4(resolver, "one.test"));
          assertTrue(e.reason().endsWith(": FORMERR"), e.reason());
        });
  }

  // ---- other servers

  @ParameterizedTest
  @ValueSource(ints = {Rcode.SERVFAIL, Rcode.REFUSED})
  void theNextServerIsAskedIfOneFailsOrRefuses(int code) throws Exception {
    onSockets(
        (server, unused) -> {
          try (TestNameServer second = TestNameServer.open();
              Resolver resolver = resolverOf(server.address(), second.address())) {
            server.with("one.test", call -> call.send(call.empty(code)));
            second.with("one.test", "A 10.1.2.3");
            assertEquals(List.of("10.1.2.3"), ipv4(resolver, "one.test"));
            assertEquals(1, server.log.size());
          }
        });
  }

  private static Resolver resolverOf(InetSocketAddress... servers) {
    return Resolver.open(
        Scenario.options().withTimeout(Duration.ofMinutes(1)).withServers(List.of(servers)));
  }

  @Test
  void theNextServerIsAskedIfNoneListensOrOneRefersToOthers() throws Exception {
    onSockets(
        (server, unused) -> {
          InetSocketAddress nowhere;
          try (UdpSocket closed = UdpSocket.bind(new InetSocketAddress(LOOPBACK, 0))) {
            nowhere = closed.localAddress();
          }
          try (TestNameServer second = TestNameServer.open();
              Resolver resolver = resolverOf(nowhere, server.address(), second.address())) {
            server.with(
                "one.test",
                call -> {
                  Message referral = call.empty(Rcode.NOERROR);
                  referral.getHeader().unsetFlag(Flags.RA);
                  referral.addRecord(call.record("test", "NS ns.test."), Section.AUTHORITY);
                  call.send(referral);
                });
            second.with("one.test", "A 10.1.2.3");
            assertEquals(List.of("10.1.2.3"), ipv4(resolver, "one.test"));
          }
        });
  }

  @Test
  void theFailuresOfAllServersAreNamed() throws Exception {
    onSockets(
        (server, unused) -> {
          try (TestNameServer second = TestNameServer.open();
              Resolver resolver = resolverOf(server.address(), second.address())) {
            server.with("one.test", call -> call.send(call.empty(Rcode.SERVFAIL)));
            second.with("one.test", call -> call.send(call.empty(Rcode.REFUSED)));
            ServerFailureException e =
                failure(ServerFailureException.class, () -> resolver.lookup("one.test"));
            assertEquals(
                "one.test: 127.0.0.1:"
                    + server.address().getPort()
                    + ": SERVFAIL; 127.0.0.1:"
                    + second.address().getPort()
                    + ": REFUSED",
                e.getMessage());
            assertEquals(2, server.log.size(), "once for each family");
          }
        });
  }

  @Test
  void oneFamilyIsEnoughIfTheOtherFails() throws Exception {
    onSockets(
        (server, resolver) -> {
          server
              .with("one.test", "A 10.1.2.3")
              .with(
                  "one.test",
                  call ->
                      call.send(
                          call.type() == Type.A ? call.answer() : call.empty(Rcode.SERVFAIL)));
          assertEquals(1, resolver.lookup("one.test").addresses().size());
        });
  }

  @Test
  void serversTakeTurnsIfThatIsConfigured() throws Exception {
    onSockets(
        (server, unused) -> {
          try (TestNameServer second = TestNameServer.open();
              Resolver resolver =
                  Resolver.open(
                      Scenario.options()
                          .withRotate(true)
                          .withServers(List.of(server.address(), second.address())))) {
            for (int i = 0; i < 10; i++) {
              server.with("n" + i + ".test", "A 10.1.2.3");
              second.with("n" + i + ".test", "A 10.1.2.3");
              ipv4(resolver, "n" + i + ".test");
            }
            assertEquals(5, server.log.size());
            assertEquals(5, second.log.size());
          }
        });
  }

  // ---- aliases

  @Test
  void anAliasWithoutItsTargetIsFollowedByAnotherQuestion() throws Exception {
    onSockets(
        (server, resolver) -> {
          server
              .with("a.test", call -> call.send(alias(call, "b.test")))
              .with("b.test", "A 10.1.2.3");
          assertEquals(List.of("10.1.2.3"), ipv4(resolver, "a.test"));
          assertEquals(List.of("a.test A udp", "b.test A udp"), server.log);
        });
  }

  private static Message alias(TestNameServer.Call call, String target) {
    Message answer = call.empty(Rcode.NOERROR);
    String owner = call.query.getQuestion().getName().toString();
    answer.addRecord(call.record(owner, "CNAME " + target + "."), Section.ANSWER);
    return answer;
  }

  @Test
  void aLoopOfAliasesInOneAnswerIsReported() throws Exception {
    onSockets(
        (server, resolver) -> {
          server.with("a.test", "CNAME b.test.").with("b.test", "CNAME a.test.");
          ServerFailureException e =
              failure(ServerFailureException.class, () -> ipv4(resolver, "a.test"));
          assertTrue(e.reason().endsWith(": the aliases form a loop at a.test."), e.reason());
        });
  }

  @Test
  void aLoopOfAliasesOverSeveralAnswersIsReported() throws Exception {
    onSockets(
        (server, resolver) -> {
          server
              .with("a.test", call -> call.send(alias(call, "b.test")))
              .with("b.test", call -> call.send(alias(call, "a.test")));
          ServerFailureException e =
              failure(ServerFailureException.class, () -> ipv4(resolver, "a.test"));
          assertEquals("the aliases form a loop at a.test", e.reason());
        });
  }

  @Test
  void aChainOfMoreThanSixteenAliasesIsReported() throws Exception {
    onSockets(
        (server, resolver) -> {
          for (int i = 0; i < 20; i++) {
            String next = "n" + (i + 1) + ".test";
            server.with("n" + i + ".test", call -> call.send(alias(call, next)));
          }
          server.with("n20.test", "A 10.1.2.3");
          assertEquals(List.of("10.1.2.3"), ipv4(resolver, "n4.test"));
          ServerFailureException e =
              failure(ServerFailureException.class, () -> ipv4(resolver, "n3.test"));
          assertEquals("more than 16 aliases lead from one to the next", e.reason());
          assertFalse(server.log.isEmpty());
        });
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns;

import static dev.weft.dns.Scenario.failure;
import static dev.weft.dns.Scenario.onSockets;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Task;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.TaskFailedException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.AsynchronousCloseException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xbill.DNS.DClass;
import org.xbill.DNS.MXRecord;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

/** What a resolver makes of the answers of a server that behaves. */
class ResolverTest {
  private static List<String> texts(List<InetAddress> addresses) {
    return addresses.stream().map(InetAddress::getHostAddress).toList();
  }

  private static List<String> sorted(List<String> log) {
    return log.stream().sorted().toList();
  }

  @Test
  void aHostHasItsAddressesThoseOfIpv6First() throws Exception {
    onSockets(
        (server, resolver) -> {
          server.with("one.test", "A 10.1.2.3", "A 10.1.2.4", "AAAA fd00::1");
          HostAddresses found = resolver.lookup("one.test");
          assertEquals(
              List.of("fd00:0:0:0:0:0:0:1", "10.1.2.3", "10.1.2.4"), texts(found.addresses()));
          assertEquals("one.test", found.canonicalName());
          assertEquals(List.of(), found.aliases());
          assertEquals(List.of("one.test A udp", "one.test AAAA udp"), sorted(server.log));
        });
  }

  /** ioucontext prints names in whatever case it has asked for them. */
  @Test
  void namesAreReturnedInTheCaseInWhichTheyWereAskedFor() throws Exception {
    onSockets(
        (server, resolver) -> {
          server
              .with("one.test", "A 10.1.2.3")
              .with("alias.test", "CNAME One.Other.")
              .with("One.Other", "A 10.1.2.4");
          assertEquals("ONE.test", resolver.lookup("ONE.test").canonicalName());
          assertEquals("one.TEST", resolver.lookup("one.TEST").name());
          HostAddresses alias = resolver.lookup("Alias.test");
          assertEquals("Alias.test", alias.name());
          assertEquals(List.of("One.Other"), alias.aliases());
        });
  }

  @Test
  void aliasesLeadToTheCanonicalName() throws Exception {
    onSockets(
        (server, resolver) -> {
          server
              .with("a.test", "CNAME b.test.")
              .with("b.test", "CNAME c.test.")
              .with("c.test", "A 10.1.2.3");
          HostAddresses found = resolver.lookup("a.test");
          assertEquals("a.test", found.name());
          assertEquals(List.of("b.test", "c.test"), found.aliases());
          assertEquals("c.test", found.canonicalName());
        });
  }

  @ParameterizedTest
  @CsvSource({
    "INET, 10.1.2.3",
    "INET6, fd00:0:0:0:0:0:0:1",
  })
  void theAddressesOfOneFamilyCanBeAskedFor(StandardProtocolFamily family, String address)
      throws Exception {
    onSockets(
        (server, resolver) -> {
          server.with("one.test", "A 10.1.2.3", "AAAA fd00::1");
          assertEquals(
              List.of(address), texts(resolver.resolve("one.test", family, Deadline.NEVER)));
          assertEquals(1, server.log.size());
        });
  }

  @Test
  void aHostOfTheOtherFamilyHasNoAddresses() throws Exception {
    onSockets(
        (server, resolver) -> {
          server.with("one.test", "AAAA fd00::1");
          assertEquals(
              List.of(), resolver.resolve("one.test", StandardProtocolFamily.INET, Deadline.NEVER));
        });
  }

  @Test
  void aNameThatDoesNotExistDiffersFromOneWithoutRecords() throws Exception {
    onSockets(
        (server, resolver) -> {
          server.with("mail.test", "MX 10 one.test.");
          NoSuchNameException none =
              failure(NoSuchNameException.class, () -> resolver.lookup("Nope.test"));
          assertEquals("Nope.test: no such name (NXDOMAIN)", none.getMessage());
          assertEquals("Nope.test", none.host());
          NoDataException noData =
              failure(NoDataException.class, () -> resolver.lookup("mail.test"));
          assertEquals("mail.test: the name has no addresses", noData.getMessage());
          NoDataException noText =
              failure(NoDataException.class, () -> resolver.query("mail.test", Type.TXT));
          assertEquals("the name has no records of type TXT", noText.reason());
        });
  }

  @Test
  void anAliasOfANameThatDoesNotExistDoesNotExist() throws Exception {
    onSockets(
        (server, resolver) -> {
          server.with("dangling.test", "CNAME nope.test.");
          failure(NoSuchNameException.class, () -> resolver.lookup("dangling.test"));
        });
  }

  @Test
  void recordsOfAnyTypeCanBeAskedFor() throws Exception {
    onSockets(
        (server, resolver) -> {
          server
              .with("mail.test", "MX 10 one.test.", "MX 20 two.test.", "TXT \"hello there\"")
              .with("alias.test", "CNAME mail.test.");
          Answer mail = resolver.query("alias.test", Type.MX);
          assertEquals("mail.test", mail.canonicalName());
          assertEquals(
              List.of(10, 20),
              mail.records().stream().map(record -> ((MXRecord) record).getPriority()).toList());
          Answer text = resolver.query("mail.test", Type.TXT, DClass.IN, Deadline.NEVER);
          assertEquals(
              List.of("hello there"), ((TXTRecord) text.records().getFirst()).getStrings());
          assertEquals(3, resolver.query("mail.test", Type.ANY).records().size());
        });
  }

  @Test
  void theNamesOfAnAddressAreFound() throws Exception {
    onSockets(
        (server, resolver) -> {
          server
              .with("3.2.1.10.in-addr.arpa", "PTR one.test.", "PTR Also.test.")
              .with("4.2.1.10.in-addr.arpa", "CNAME 4.delegated.test.")
              .with("4.delegated.test", "PTR two.test.");
          assertEquals(
              List.of("one.test", "Also.test"), resolver.names(InetAddress.ofLiteral("10.1.2.3")));
          assertEquals(List.of("two.test"), resolver.names(InetAddress.ofLiteral("10.1.2.4")));
        });
  }

  @Test
  void anAddressWithoutANameIsNoFailure() throws Exception {
    onSockets(
        (server, resolver) -> {
          server.with("9.9.9.10.in-addr.arpa", "TXT nothing");
          assertEquals(List.of(), resolver.names(InetAddress.ofLiteral("10.9.9.9")));
          assertEquals(List.of(), resolver.names(InetAddress.ofLiteral("fd00::9")));
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.1.2.3", "fd00:0:0:0:0:0:0:1", "0.0.0.0"})
  void anAddressHasItself(String address) throws Exception {
    onSockets(
        (server, resolver) -> {
          assertEquals(List.of(address), texts(resolver.lookup(address).addresses()));
          assertEquals(List.of(), server.log);
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "LocalHost.", "a.localhost"})
  void localhostNeedsNoServer(String name) throws Exception {
    onSockets(
        (server, resolver) -> {
          assertEquals(
              List.of("0:0:0:0:0:0:0:1", "127.0.0.1"), texts(resolver.lookup(name).addresses()));
          assertEquals(List.of(), server.log);
        });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''|the name is empty",
        "::x|not an IPv6 address",
        "a b.test|not a domain name: the character at 1 is not of ASCII, or not visible",
        "ä.test|not a domain name: the character at 0 is not of ASCII, or not visible",
        "a..test|",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test|",
      })
  void whatIsNoNameDoesNotExist(String name, String reason) throws Exception {
    onSockets(
        (server, resolver) -> {
          NoSuchNameException e = failure(NoSuchNameException.class, () -> resolver.lookup(name));
          assertEquals(name, e.host());
          assertTrue(reason == null || e.reason().equals(reason), e.reason());
          assertEquals(List.of(), server.log);
        });
  }

  // ---- many at once

  @Test
  void aQuestionOfSeveralFibersIsAskedOnce() throws Exception {
    onSockets(
        (server, resolver) -> {
          server.with("one.test", "A 10.1.2.3", "AAAA fd00::1");
          try (Bundle fibers = Bundle.open()) {
            for (int i = 0; i < 100; i++) {
              fibers.go(() -> assertEquals(2, resolver.lookup("one.test").addresses().size()));
            }
            fibers.await();
          }
          assertEquals(List.of("one.test A udp", "one.test AAAA udp"), sorted(server.log));
        });
  }

  @Test
  void tenThousandNamesAtOnceAreResolvedWithAFewSockets() throws Exception {
    int most = 50;
    onSockets(
        Scenario.options().withTimeout(Duration.ofMinutes(1)).withQueriesMax(most),
        (server, resolver) -> {
          List<TestNameServer.Call> held = new ArrayList<>();
          TestNameServer.Behaviour answersTogether = call -> holdAndAnswer(held, call, most);
          Set<String> found = new HashSet<>();
          try (Bundle fibers = Bundle.open()) {
            for (int i = 0; i < 10_000; i++) {
              String name = "n" + i + ".test";
              server.with(name, "A 10.0." + i / 256 + "." + i % 256).with(name, answersTogether);
              fibers.go(
                  () ->
                      found.addAll(
                          texts(
                              resolver.resolve(
                                  name, StandardProtocolFamily.INET, Deadline.NEVER))));
            }
            fibers.await();
          }
          assertEquals(10_000, found.size());
          assertEquals("resolver, asking 0, knowing 10000", resolver.toString());
        });
  }

  /** Answers when {@code most} queries wait for it, and no more have come. */
  private static void holdAndAnswer(
      List<TestNameServer.Call> held, TestNameServer.Call call, int most) throws IOException {
    held.add(call);
    if (held.size() == most) {
      for (int turn = 0; turn < 10; turn++) {
        Fiber.yield();
      }
      assertEquals(most, held.size());
      List<TestNameServer.Call> all = List.copyOf(held);
      held.clear(); // before the answers, upon which the next queries come
      for (TestNameServer.Call each : all) {
        each.send(each.answer());
      }
    }
  }

  /** Of 65 536 ids and some 28 000 ports, 200 can't all be the same few. */
  @Test
  void idsAndPortsDifferFromQueryToQuery() throws Exception {
    onSockets(
        (server, resolver) -> {
          for (int i = 0; i < 100; i++) {
            server.with("n" + i + ".test", "A 10.1.2.3");
            resolver.lookup("n" + i + ".test");
          }
          assertTrue(Set.copyOf(server.ids).size() > 100, server.ids::toString);
          assertTrue(Set.copyOf(server.ports).size() > 100, server.ports::toString);
        });
  }

  // ---- ends

  @Test
  void aDeadlineEndsTheLookupAndGivesItsSocketsBack() throws Exception {
    onSockets(
        (server, resolver) -> {
          server.with("silent.test", call -> {});
          DeadlineExceededException e =
              failure(
                  DeadlineExceededException.class,
                  () -> resolver.lookup("silent.test", Deadline.after(Duration.ofMillis(5))));
          assertEquals("resolve silent.test: deadline exceeded", e.getMessage());
          assertEquals("resolver, asking 0, knowing 0", resolver.toString());
        });
  }

  @Test
  void aCancelledFiberLeavesTheQuestionToTheOthers() throws Exception {
    onSockets(
        (server, resolver) -> {
          List<TestNameServer.Call> held = new ArrayList<>();
          server.with("one.test", "A 10.1.2.3").with("one.test", held::add);
          try (Bundle fibers = Bundle.open()) {
            Task<HostAddresses> first = fibers.go(() -> resolver.lookup("one.test"));
            Task<HostAddresses> second = fibers.go(() -> resolver.lookup("one.test"));
            while (held.size() < 2) {
              Fiber.yield();
            }
            first.close();
            for (TestNameServer.Call call : held) {
              call.send(call.answer());
            }
            assertEquals(List.of("10.1.2.3"), texts(second.join().addresses()));
          }
          assertEquals(2, server.log.size());
        });
  }

  @Test
  void closingEndsLookups() throws Exception {
    onSockets(
        (server, resolver) -> {
          server.with("silent.test", call -> {});
          try (Bundle fibers = Bundle.supervising(failure -> {})) {
            Task<HostAddresses> lookup = fibers.go(() -> resolver.lookup("silent.test"));
            while (server.log.isEmpty()) {
              Fiber.yield();
            }
            resolver.close();
            TaskFailedException e = failure(TaskFailedException.class, lookup::join);
            assertEquals(AsynchronousCloseException.class, e.getCause().getClass());
          }
          IllegalStateException later =
              failure(IllegalStateException.class, () -> resolver.lookup("one.test"));
          assertEquals("the resolver is closed", later.getMessage());
        });
  }
}

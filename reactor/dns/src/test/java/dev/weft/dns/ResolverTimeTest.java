// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns;

import static dev.weft.dns.Scenario.failure;
import static dev.weft.dns.Scenario.simulated;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.error.DeadlineExceededException;
import dev.weft.fs.File;
import dev.weft.sim.Faults;
import dev.weft.sim.Simulation;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.StandardProtocolFamily;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Type;

/** Timeouts, times to live and changes of files, on the simulated clock. */
class ResolverTimeTest {
  private static final Path HOSTS = Path.of("/etc/hosts");
  private static final Path RESOLV_CONF = Path.of("/etc/resolv.conf");

  private static Deadline now() {
    return Deadline.after(Duration.ZERO);
  }

  private static Duration since(Deadline start) {
    return Duration.ofNanos(now().nanoTime() - start.nanoTime());
  }

  private static List<String> ipv4(Resolver resolver, String name) throws IOException {
    return resolver.resolve(name, StandardProtocolFamily.INET, Deadline.NEVER).stream()
        .map(InetAddress::getHostAddress)
        .toList();
  }

  // ---- timeouts

  @Test
  void aSilentServerIsAskedAgainAfterTheTimeout() {
    simulated(
        (server, resolver) -> {
          server
              .with("one.test", "A 10.1.2.3")
              .with(
                  "one.test",
                  call -> {
                    if (server.log.size() > 1) {
                      call.send(call.answer());
                    }
                  });
          Deadline start = now();
          assertEquals(List.of("10.1.2.3"), ipv4(resolver, "one.test"));
          assertEquals(Duration.ofSeconds(5), since(start));
          assertTrue(!server.ids.getFirst().equals(server.ids.getLast()), "a new id");
        });
  }

  @Test
  void serversThatStaySilentEndTheLookup() {
    simulated(
        (server, unused) -> {
          try (TestNameServer second = TestNameServer.open();
              Resolver resolver =
                  Resolver.open(
                      Scenario.options()
                          .withTimeout(Duration.ofSeconds(1))
                          .withAttempts(3)
                          .withServers(List.of(server.address(), second.address())))) {
            server.with("one.test", call -> {});
            second.with("one.test", call -> {});
            Deadline start = now();
            ServerTimeoutException e =
                failure(ServerTimeoutException.class, () -> ipv4(resolver, "one.test"));
            assertEquals(Duration.ofSeconds(2 * (1 + 2 + 4)), since(start));
            assertEquals(
                "one.test: 127.0.0.1:"
                    + server.address().getPort()
                    + ": no answer within 4000 ms; 127.0.0.1:"
                    + second.address().getPort()
                    + ": no answer within 4000 ms",
                e.getMessage());
          }
        });
  }

  @Test
  void aServerThatFailsIsAskedAgainOnlyIfAnotherIsSilent() {
    simulated(
        (server, unused) -> {
          try (TestNameServer second = TestNameServer.open();
              Resolver resolver =
                  Resolver.open(
                      Scenario.options()
                          .withServers(List.of(server.address(), second.address())))) {
            server.with("one.test", call -> call.send(call.empty(Rcode.SERVFAIL)));
            second
                .with("one.test", "A 10.1.2.3")
                .with(
                    "one.test",
                    call -> {
                      if (second.log.size() > 1) {
                        call.send(call.answer());
                      }
                    });
            assertEquals(List.of("10.1.2.3"), ipv4(resolver, "one.test"));
            assertEquals(2, server.log.size());
          }
        });
  }

  @Test
  void theDeadlineOfAFiberIsItsOwn() {
    simulated(
        (server, resolver) -> {
          server
              .with("one.test", "A 10.1.2.3")
              .with(
                  "one.test",
                  call -> {
                    Fiber.sleep(Duration.ofSeconds(2));
                    call.send(call.answer());
                  });
          Deadline start = now();
          try (Bundle fibers = Bundle.open()) {
            fibers.go(
                () -> {
                  Deadline soon = Deadline.after(Duration.ofSeconds(1));
                  failure(DeadlineExceededException.class, () -> resolver.lookup("one.test", soon));
                  assertEquals(Duration.ofSeconds(1), since(start));
                });
            fibers.go(
                () -> {
                  assertEquals(1, resolver.lookup("one.test").addresses().size());
                  assertEquals(Duration.ofSeconds(2), since(start));
                });
            fibers.await();
          }
        });
  }

  // ---- the cache

  @Test
  void anAnswerIsKeptForTheShortestTimeToLive() {
    simulated(
        (server, resolver) -> {
          server.with("a.test", 100, "CNAME b.test.").with("b.test", 50, "A 10.1.2.3");
          ipv4(resolver, "a.test");
          Fiber.sleep(Duration.ofSeconds(49));
          ipv4(resolver, "A.TEST");
          assertEquals(1, server.log.size());
          Fiber.sleep(Duration.ofSeconds(1));
          ipv4(resolver, "a.test");
          assertEquals(2, server.log.size());
        });
  }

  @Test
  void anAnswerKnowsHowLongItIsValid() {
    simulated(
        (server, resolver) -> {
          server.with("one.test", 100, "A 10.1.2.3");
          resolver.query("one.test", Type.A);
          Fiber.sleep(Duration.ofSeconds(40));
          assertEquals(Duration.ofSeconds(60), resolver.query("one.test", Type.A).timeToLive());
        });
  }

  @Test
  void anAnswerWithoutATimeToLiveIsNotKept() {
    simulated(
        (server, resolver) -> {
          server.with("one.test", 0, "A 10.1.2.3");
          ipv4(resolver, "one.test");
          ipv4(resolver, "one.test");
          assertEquals(2, server.log.size());
        });
  }

  @Test
  void negativeAnswersAreKeptAsLongAsTheirStartOfAuthoritySays() {
    simulated(
        (server, resolver) -> {
          for (int i = 0; i < 2; i++) {
            failure(NoSuchNameException.class, () -> ipv4(resolver, "nope.test"));
          }
          assertEquals(1, server.log.size());
          Fiber.sleep(Duration.ofSeconds(TestNameServer.MINIMUM));
          failure(NoSuchNameException.class, () -> ipv4(resolver, "nope.test"));
          assertEquals(2, server.log.size());
        });
  }

  @Test
  void negativeAnswersWithoutAStartOfAuthorityAreNotKept() {
    simulated(
        (server, resolver) -> {
          server.with("nope.test", call -> call.send(call.empty(Rcode.NXDOMAIN)));
          failure(NoSuchNameException.class, () -> ipv4(resolver, "nope.test"));
          failure(NoSuchNameException.class, () -> ipv4(resolver, "nope.test"));
          assertEquals(2, server.log.size());
        });
  }

  @Test
  void failuresAreNotKept() {
    simulated(
        (server, resolver) -> {
          server.with("one.test", call -> call.send(call.empty(Rcode.SERVFAIL)));
          failure(ServerFailureException.class, () -> ipv4(resolver, "one.test"));
          server.with("one.test", "A 10.1.2.3").with("one.test", call -> call.send(call.answer()));
          assertEquals(List.of("10.1.2.3"), ipv4(resolver, "one.test"));
        });
  }

  @Test
  void whatHasNotBeenUsedForLongestIsDroppedIfTheCacheIsFull() {
    simulated(
        Simulation.seeds(5).withFaults(Faults.none()),
        Scenario.options().withCacheBytes(10_000),
        (server, resolver) -> {
          for (int i = 0; i < 100; i++) {
            server.with("n" + i + ".test", "A 10.1.2.3");
            ipv4(resolver, "n" + i + ".test");
            ipv4(resolver, "n0.test");
          }
          assertEquals(100, server.log.size());
          ipv4(resolver, "n99.test");
          assertEquals(100, server.log.size());
          ipv4(resolver, "n1.test");
          assertEquals(101, server.log.size());
        });
  }

  @Test
  void reloadForgetsAnswers() {
    simulated(
        (server, resolver) -> {
          server.with("one.test", "A 10.1.2.3");
          ipv4(resolver, "one.test");
          resolver.reload();
          ipv4(resolver, "one.test");
          assertEquals(2, server.log.size());
        });
  }

  // ---- files

  private static void write(Path path, String text) throws IOException {
    try (File file =
            File.open(
                path,
                StandardOpenOption.WRITE,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING);
        Arena arena = Arena.ofConfined()) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      MemorySegment content = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      file.write(content, Deadline.NEVER);
    }
  }

  private static Simulation withEtc() {
    return Simulation.seeds(20).withFaults(Faults.ordinary()).withDirectory("/etc");
  }

  @Test
  void hostsAreReadAgainWithinASecondOfAChange() {
    simulated(
        withEtc(),
        Scenario.options().withHosts(HOSTS),
        (server, resolver) -> {
          failure(NoSuchNameException.class, () -> ipv4(resolver, "one.test"));
          write(HOSTS, "10.1.2.3 one.test");
          Fiber.sleep(Duration.ofSeconds(1));
          assertEquals(List.of("10.1.2.3"), ipv4(resolver, "one.test"));
          write(HOSTS, "10.1.2.4 one.test");
          Fiber.sleep(Duration.ofSeconds(1));
          assertEquals(List.of("10.1.2.4"), ipv4(resolver, "one.test"));
          assertEquals(List.of("one.test"), resolver.names(InetAddress.ofLiteral("10.1.2.4")));
          assertEquals(1, server.log.size());
        });
  }

  @Test
  void theNamesOfAHostLeadToItsFirstOne() {
    simulated(
        withEtc(),
        Scenario.options().withHosts(HOSTS),
        (server, resolver) -> {
          write(HOSTS, "10.1.2.3 one.test One # two\nfd00::1 one.test\n");
          HostAddresses found = resolver.lookup("ONE");
          assertEquals("ONE", found.name());
          assertEquals("one.test", found.canonicalName());
          assertEquals(List.of("10.1.2.3"), ipv4(resolver, "one"));
          assertEquals(2, resolver.lookup("one.test").addresses().size());
          assertEquals(List.of(), server.log);
        });
  }

  @Test
  void searchDomainsAreTriedInTheirOrder() {
    simulated(
        withEtc(),
        Scenario.options().withResolvConf(RESOLV_CONF),
        (server, resolver) -> {
          write(RESOLV_CONF, "search a.test b.test\noptions ndots:2 timeout:9");
          server.with("one.b.test", "A 10.1.2.3").with("x.y.z", "A 10.1.2.4");
          assertEquals("One.b.test", resolver.lookup("One").name());
          assertEquals("x.y.z", resolver.lookup("x.y.z").name());
          failure(NoSuchNameException.class, () -> resolver.lookup("one."));
          failure(NoSuchNameException.class, () -> ipv4(resolver, "q.r"));
          List<String> asked =
              server.log.stream()
                  .filter(line -> line.endsWith(" A udp"))
                  .map(line -> line.replace(" A udp", ""))
                  .toList();
          assertEquals(
              List.of(
                  "One.a.test", "One.b.test", "x.y.z", "one", "q.r.a.test", "q.r.b.test", "q.r"),
              asked);
        });
  }

  /** Otherwise the families would be those of different hosts. */
  @Test
  void aHostOfOneFamilyEndsTheSearchForTheOther() {
    simulated(
        Simulation.seeds(20).withFaults(Faults.none()),
        Scenario.options().withSearch(List.of("a.test", "b.test")),
        (server, resolver) -> {
          server.with("one.a.test", "A 10.1.2.3").with("one.b.test", "AAAA fd00::1");
          assertEquals(
              List.of(), resolver.resolve("one", StandardProtocolFamily.INET6, Deadline.NEVER));
        });
  }

  @Test
  void aNameWithoutAddressesInOneDomainIsLookedForInTheNext() {
    simulated(
        Simulation.seeds(20).withFaults(Faults.none()),
        Scenario.options().withSearch(List.of("a.test", "b.test")),
        (server, resolver) -> {
          server.with("one.a.test", "MX 10 mail.test.").with("one.b.test", "A 10.1.2.3");
          assertEquals(List.of("10.1.2.3"), ipv4(resolver, "one"));
          assertEquals("one.b.test", resolver.lookup("one").name());
        });
  }

  @Test
  void aFileThatIsTooLongIsReportedByItsName() {
    simulated(
        withEtc(),
        Scenario.options().withResolvConf(RESOLV_CONF),
        (server, resolver) -> {
          write(RESOLV_CONF, "#".repeat(70_000));
          IOException e = failure(IOException.class, () -> resolver.lookup("one.test"));
          assertEquals("/etc/resolv.conf: the file is longer than 65536 bytes", e.getMessage());
          write(RESOLV_CONF, "");
          failure(NoSuchNameException.class, () -> resolver.lookup("one.test"));
        });
  }
}

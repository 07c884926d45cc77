// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.error.DeadlineExceededException;
import dev.weft.sim.Faults;
import dev.weft.sim.Simulation;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Lookups over a network that delays, loses, doubles and reorders, once for each of many seeds. */
class ResolverSimulationTest {
  private static final int SEEDS = 100;
  private static final int FIBERS = 10;
  private static final int LOOKUPS = 20;
  private static final int NAMES = 8;

  private static Faults lossy() {
    return Faults.ordinary().withLosses(200).withReorderings(200);
  }

  private static void fill(TestNameServer server) throws IOException {
    for (int i = 0; i < NAMES; i++) {
      server.with("n" + i + ".test", i * 10, "A 10.0.0." + i);
      server.with("a" + i + ".test", 5, "CNAME n" + i + ".test.");
      server.with(i + ".0.0.10.in-addr.arpa", "PTR n" + i + ".test.");
    }
  }

  /** Makes one lookup of any kind, and checks what it finds. */
  private static void lookUp(Resolver resolver, RandomGenerator random) throws IOException {
    int i = random.nextInt(NAMES);
    Deadline deadline = Deadline.after(Duration.ofMillis(random.nextInt(1, 30_000)));
    try {
      switch (random.nextInt(4)) {
        case 0 -> {
          HostAddresses found = resolver.lookup("N" + i + ".test", deadline);
          assertEquals(List.of(InetAddress.ofLiteral("10.0.0." + i)), found.addresses());
          assertEquals("N" + i + ".test", found.canonicalName());
        }
        case 1 -> {
          HostAddresses found = resolver.lookup("a" + i + ".test", deadline);
          assertEquals(List.of(InetAddress.ofLiteral("10.0.0." + i)), found.addresses());
          assertEquals("n" + i + ".test", found.canonicalName());
        }
        case 2 -> {
          List<String> names = resolver.names(InetAddress.ofLiteral("10.0.0." + i), deadline);
          assertEquals(List.of("n" + i + ".test"), names);
        }
        default -> {
          resolver.lookup("nope" + i + ".test", deadline);
          fail("found what does not exist");
        }
      }
    } catch (NoSuchNameException e) {
      assertTrue(e.host().startsWith("nope"), e.host());
    } catch (ServerTimeoutException | DeadlineExceededException e) {
      // too many datagrams were lost
    }
  }

  @Test
  void lookupsFindWhatTheServerHasOrTimeOut() {
    Scenario.simulated(
        Simulation.seeds(SEEDS).withFaults(lossy()),
        Scenario.options().withTimeout(Duration.ofSeconds(2)).withQueriesMax(5),
        (server, resolver) -> {
          fill(server);
          RandomGenerator random = Simulation.random();
          try (Bundle fibers = Bundle.open()) {
            for (int i = 0; i < FIBERS; i++) {
              fibers.go(
                  () -> {
                    for (int k = 0; k < LOOKUPS; k++) {
                      lookUp(resolver, random);
                      Fiber.sleep(Duration.ofMillis(random.nextInt(3000)));
                    }
                  });
            }
            fibers.await();
          }
          assertTrue(resolver.toString().startsWith("resolver, asking 0,"), resolver::toString);
        });
  }

  /** Cancels at any point: nothing may stay open or keep asking. */
  @Test
  void cancelledLookupsLeaveNothingBehind() {
    Scenario.simulated(
        Simulation.seeds(SEEDS).withFaults(lossy()),
        Scenario.options().withTimeout(Duration.ofSeconds(2)).withQueriesMax(3),
        (server, resolver) -> {
          fill(server);
          RandomGenerator random = Simulation.random();
          for (int round = 0; round < 10; round++) {
            try (Bundle fibers = Bundle.open()) {
              for (int i = 0; i < FIBERS; i++) {
                fibers.go(() -> lookUp(resolver, random));
              }
              Fiber.sleep(Duration.ofMillis(random.nextInt(500)));
              fibers.cancel();
            }
            assertTrue(resolver.toString().startsWith("resolver, asking 0,"), resolver::toString);
          }
        });
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns;

import dev.weft.Reactor;
import dev.weft.ReactorOptions;
import dev.weft.sim.Faults;
import dev.weft.sim.Simulation;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assertions;

/** What a test does with a name server and a resolver that asks it. */
@FunctionalInterface
interface Scenario {
  Path NO_FILE = Path.of("/tmp/weft-no-such-file");

  void run(TestNameServer server, Resolver resolver) throws Exception;

  /** Code that is expected to throw. */
  @FunctionalInterface
  interface Body {
    void run() throws Exception;
  }

  /** Options for tests: nothing of this machine's configuration. */
  static ResolverOptions options() {
    return ResolverOptions.defaults().withResolvConf(NO_FILE).withHosts(NO_FILE);
  }

  /** What {@code body} throws: JUnit's own assertion can't call code that suspends. */
  static <T extends Exception> T failure(Class<T> type, Body body) {
    Exception thrown = null;
    try {
      body.run();
    } catch (Exception e) {
      thrown = e;
    }
    return Assertions.assertInstanceOf(type, thrown);
  }

  /** Runs on sockets. */
  static void onSockets(Scenario scenario) throws Exception {
    onSockets(options().withTimeout(Duration.ofMinutes(1)), scenario);
  }

  static void onSockets(ResolverOptions options, Scenario scenario) throws Exception {
    ReactorOptions unpinned = ReactorOptions.defaults().withCpu(ReactorOptions.UNPINNED);
    try (Reactor reactor = Reactor.open(unpinned)) {
      reactor.run(() -> play(options, scenario));
    }
  }

  /** Runs on the simulated clock. */
  static void simulated(Scenario scenario) {
    simulated(Simulation.seeds(20).withFaults(Faults.none()), options(), scenario);
  }

  static void simulated(Simulation simulation, ResolverOptions options, Scenario scenario) {
    simulation.check(() -> play(options.withRandom(new Random(1)), scenario));
  }

  private static void play(ResolverOptions options, Scenario scenario) throws Exception {
    try (TestNameServer server = TestNameServer.open();
        Resolver resolver = Resolver.open(options.withServers(List.of(server.address())))) {
      scenario.run(server, resolver);
    }
  }
}

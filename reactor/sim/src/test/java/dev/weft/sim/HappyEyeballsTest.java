// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static java.net.StandardProtocolFamily.INET;
import static java.net.StandardProtocolFamily.INET6;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.FiberTask;
import dev.weft.Task;
import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.error.TaskCancelledException;
import dev.weft.internal.net.HappyEyeballs;
import dev.weft.internal.net.UserCode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Happy Eyeballs on the simulated clock: a script says when lookups answer and what attempts do;
 * the log says when each began and how it ended. The first twelve are libdill's.
 */
class HappyEyeballsTest {
  private static final int SEEDS = 20;
  private static final int NEVER = Integer.MAX_VALUE;

  /** What a lookup or an attempt does, after a number of milliseconds. */
  private record Step(int millis, boolean succeeds, List<String> addresses) {}

  /** One run: what happens, and what has happened. */
  private static final class Script
      implements HappyEyeballs.Lookup, HappyEyeballs.Connector<String> {
    private final Map<String, Step> steps = new HashMap<>();
    private final List<String> log = new ArrayList<>();
    private final Deadline start = Deadline.after(Duration.ZERO);
    private final List<String> discarded = new ArrayList<>();

    /** Whether attempts succeed even if they are cancelled, as the kernel's can. */
    private boolean succeedsLate;

    Script lookup(StandardProtocolFamily family, int millis, String... addresses) {
      steps.put(family.name(), new Step(millis, true, Arrays.asList(addresses)));
      return this;
    }

    Script noSuchHost(StandardProtocolFamily family, int millis) {
      steps.put(family.name(), new Step(millis, false, List.of()));
      return this;
    }

    Script connects(String address, int millis) {
      steps.put(address, new Step(millis, true, List.of()));
      return this;
    }

    Script refuses(String address, int millis) {
      steps.put(address, new Step(millis, false, List.of()));
      return this;
    }

    private long now() {
      return (Deadline.after(Duration.ZERO).nanoTime() - start.nanoTime()) / 1_000_000;
    }

    private void note(String what) {
      log.add(now() + " " + what);
    }

    /** Waits as the script says; each step ends, or is cancelled. */
    private Step play(String name) {
      Step step = steps.get(name);
      boolean ended = false;
      try {
        Fiber.sleepUntil(step.millis == NEVER ? Deadline.NEVER : after(step.millis));
        ended = true;
      } finally {
        note(name + (ended ? " ends" : " cancelled"));
      }
      return step;
    }

    private static Deadline after(int millis) {
      return Deadline.after(Duration.ofMillis(millis));
    }

    @Override
    public boolean needsStack() {
      Class<?>[] parameters = {StandardProtocolFamily.class, Deadline.class};
      return !UserCode.isWoven(Script.class, HappyEyeballs.Lookup.class, "addresses", parameters);
    }

    @Override
    public List<InetAddress> addresses(StandardProtocolFamily family, Deadline deadline)
        throws IOException {
      Step step = play(family.name());
      if (!step.succeeds) {
        throw new UnknownHostException("host: " + family);
      }
      return step.addresses.stream().map(InetAddress::ofLiteral).toList();
    }

    @Override
    public String connect(InetAddress address, Deadline deadline) throws IOException {
      String name = name(address);
      note(name + " begins");
      Step step;
      try {
        step = play(name);
      } catch (CancelledException e) {
        if (succeedsLate) {
          return name;
        }
        throw e;
      }
      if (!step.succeeds) {
        throw new ErrnoException("connect", name, Errno.ECONNREFUSED.code());
      }
      return name;
    }

    @Override
    public void discard(String connection) {
      discarded.add(connection);
    }

    private static String name(InetAddress address) {
      return address.getHostAddress().replaceFirst("^.*:", "::");
    }

    String run(Deadline deadline) throws IOException {
      return HappyEyeballs.connect("host:80", this, this, deadline);
    }
  }

  private static void simulate(FiberTask task) {
    Simulation.seeds(SEEDS).withFaults(Faults.none()).check(task);
  }

  /** What {@code task} throws: JUnit's own assertion can't call code that suspends. */
  private static <T extends Exception> T failure(Class<T> type, FiberTask task) {
    Exception thrown = null;
    try {
      task.run();
    } catch (Exception e) {
      thrown = e;
    }
    return assertInstanceOf(type, thrown);
  }

  /** Checks the winner and the log; what happens in the same millisecond is in any order. */
  private static void assertPlays(Script script, String winner, String... log) throws IOException {
    assertEquals(winner, script.run(Deadline.NEVER));
    assertLog(script, log);
  }

  private static void assertLog(Script script, String... log) {
    assertEquals(Arrays.stream(log).sorted().toList(), script.log.stream().sorted().toList());
  }

  @Test
  void aHostOfIpv6AloneIsConnectedTo() {
    simulate(
        () ->
            assertPlays(
                new Script().lookup(INET6, 10, "::1").lookup(INET, 10).connects("::1", 10),
                "::1",
                "10 INET6 ends",
                "10 INET ends",
                "10 ::1 begins",
                "20 ::1 ends"));
  }

  @Test
  void aHostOfIpv4AloneIsConnectedToWithoutADelay() {
    simulate(
        () ->
            assertPlays(
                new Script().lookup(INET6, 10).lookup(INET, 10, "1.1.1.1").connects("1.1.1.1", 10),
                "1.1.1.1",
                "10 INET6 ends",
                "10 INET ends",
                "10 1.1.1.1 begins",
                "20 1.1.1.1 ends"));
  }

  @Test
  void aSlowLookupOfIpv4IsCancelledWhenIpv6IsConnected() {
    simulate(
        () ->
            assertPlays(
                new Script().lookup(INET6, 10, "::1").lookup(INET, NEVER).connects("::1", 10),
                "::1",
                "10 INET6 ends",
                "10 ::1 begins",
                "20 ::1 ends",
                "20 INET cancelled"));
  }

  @Test
  void aSlowLookupOfIpv6IsCancelledWhenIpv4IsConnected() {
    simulate(
        () ->
            assertPlays(
                new Script()
                    .lookup(INET6, NEVER)
                    .lookup(INET, 10, "1.1.1.1")
                    .connects("1.1.1.1", 10),
                "1.1.1.1",
                "10 INET ends",
                "60 1.1.1.1 begins",
                "70 1.1.1.1 ends",
                "70 INET6 cancelled"));
  }

  @Test
  void ipv6IsPreferredIfItComesWithinTheResolutionDelay() {
    simulate(
        () ->
            assertPlays(
                new Script()
                    .lookup(INET6, 50, "::1")
                    .lookup(INET, 10, "1.1.1.1")
                    .connects("::1", 10),
                "::1",
                "10 INET ends",
                "50 INET6 ends",
                "50 ::1 begins",
                "60 ::1 ends"));
  }

  @Test
  void anEmptyAnswerForIpv6EndsTheResolutionDelay() {
    simulate(
        () ->
            assertPlays(
                new Script().lookup(INET6, 20).lookup(INET, 10, "1.1.1.1").connects("1.1.1.1", 10),
                "1.1.1.1",
                "10 INET ends",
                "20 INET6 ends",
                "20 1.1.1.1 begins",
                "30 1.1.1.1 ends"));
  }

  @Test
  void ipv4IsUsedAfterTheResolutionDelayAndIpv6Joins() {
    simulate(
        () ->
            assertPlays(
                new Script()
                    .lookup(INET6, 100, "::1", "::2")
                    .lookup(INET, 10, "1.1.1.1", "1.1.1.2")
                    .connects("1.1.1.1", NEVER)
                    .connects("::1", NEVER)
                    .connects("1.1.1.2", 10),
                "1.1.1.2",
                "10 INET ends",
                "60 1.1.1.1 begins",
                "100 INET6 ends",
                "310 ::1 begins",
                "560 1.1.1.2 begins",
                "570 1.1.1.2 ends",
                "570 1.1.1.1 cancelled",
                "570 ::1 cancelled"));
  }

  @Test
  void ipv4JoinsTheAttemptsWhenItComesLate() {
    simulate(
        () ->
            assertPlays(
                new Script()
                    .lookup(INET6, 10, "::1", "::2", "::3")
                    .lookup(INET, 300, "1.1.1.1")
                    .connects("::1", NEVER)
                    .connects("::2", NEVER)
                    .connects("1.1.1.1", 100),
                "1.1.1.1",
                "10 INET6 ends",
                "10 ::1 begins",
                "260 ::2 begins",
                "300 INET ends",
                "510 1.1.1.1 begins",
                "610 1.1.1.1 ends",
                "610 ::1 cancelled",
                "610 ::2 cancelled"));
  }

  @Test
  void anAddressThatComesAfterThePauseIsTriedImmediately() {
    simulate(
        () ->
            assertPlays(
                new Script()
                    .lookup(INET6, 10, "::1")
                    .lookup(INET, 1000, "1.1.1.1")
                    .connects("::1", NEVER)
                    .connects("1.1.1.1", 5),
                "1.1.1.1",
                "10 INET6 ends",
                "10 ::1 begins",
                "1000 INET ends",
                "1000 1.1.1.1 begins",
                "1005 1.1.1.1 ends",
                "1005 ::1 cancelled"));
  }

  @Test
  void theDeadlinePassesDuringTheLookups() {
    simulate(
        () -> {
          Script script = new Script().lookup(INET6, NEVER).lookup(INET, NEVER);
          DeadlineExceededException e =
              failure(DeadlineExceededException.class, () -> script.run(Script.after(30)));
          assertEquals("connect host:80: deadline exceeded", e.getMessage());
          assertLog(script, "30 INET6 cancelled", "30 INET cancelled");
        });
  }

  @Test
  void theDeadlinePassesDuringTheResolutionDelay() {
    simulate(
        () -> {
          Script script = new Script().lookup(INET6, NEVER).lookup(INET, 10, "1.1.1.1");
          failure(DeadlineExceededException.class, () -> script.run(Script.after(30)));
          assertLog(script, "10 INET ends", "30 INET6 cancelled");
        });
  }

  @Test
  void theFamiliesAlternateAndTheDeadlineCancelsAllAttempts() {
    simulate(
        () -> {
          Script script =
              new Script()
                  .lookup(INET6, 0, "::1", "::2")
                  .lookup(INET, 0, "1.1.1.1", "1.1.1.2")
                  .connects("::1", NEVER)
                  .connects("1.1.1.1", NEVER)
                  .connects("::2", NEVER);
          failure(DeadlineExceededException.class, () -> script.run(Script.after(700)));
          assertLog(
              script,
              "0 INET6 ends",
              "0 INET ends",
              "0 ::1 begins",
              "250 1.1.1.1 begins",
              "500 ::2 begins",
              "700 ::1 cancelled",
              "700 1.1.1.1 cancelled",
              "700 ::2 cancelled");
        });
  }

  @Test
  void aFailedAttemptIsFollowedByTheNextImmediately() {
    simulate(
        () ->
            assertPlays(
                new Script()
                    .lookup(INET6, 0, "::1")
                    .lookup(INET, 0, "1.1.1.1")
                    .refuses("::1", 10)
                    .connects("1.1.1.1", 10),
                "1.1.1.1",
                "0 INET6 ends",
                "0 INET ends",
                "0 ::1 begins",
                "10 ::1 ends",
                "10 1.1.1.1 begins",
                "20 1.1.1.1 ends"));
  }

  @Test
  void anEarlierAttemptThatSucceedsLaterWins() {
    simulate(
        () ->
            assertPlays(
                new Script()
                    .lookup(INET6, 0, "::1")
                    .lookup(INET, 0, "1.1.1.1")
                    .connects("::1", 300)
                    .connects("1.1.1.1", 100),
                "::1",
                "0 INET6 ends",
                "0 INET ends",
                "0 ::1 begins",
                "250 1.1.1.1 begins",
                "300 ::1 ends",
                "300 1.1.1.1 cancelled"));
  }

  @Test
  void allFailuresAreSuppressedInTheException() {
    simulate(
        () -> {
          Script script =
              new Script()
                  .noSuchHost(INET6, 0)
                  .lookup(INET, 0, "1.1.1.1", "1.1.1.2")
                  .refuses("1.1.1.1", 10)
                  .refuses("1.1.1.2", 10);
          ErrnoException e = failure(ErrnoException.class, () -> script.run(Deadline.NEVER));
          assertEquals("connect host:80: ECONNREFUSED (Connection refused)", e.getMessage());
          assertEquals(
              List.of(
                  "connect 1.1.1.1: ECONNREFUSED (Connection refused)",
                  "connect 1.1.1.2: ECONNREFUSED (Connection refused)",
                  "host: INET6"),
              Arrays.stream(e.getSuppressed()).map(Throwable::getMessage).toList());
        });
  }

  @Test
  void anUnknownHostIsReportedWithTheFailuresOfBothLookups() {
    simulate(
        () -> {
          Script script = new Script().noSuchHost(INET6, 0).noSuchHost(INET, 10);
          UnknownHostException e =
              failure(UnknownHostException.class, () -> script.run(Deadline.NEVER));
          assertEquals("host: INET6", e.getMessage());
          assertEquals("host: INET", e.getSuppressed()[0].getMessage());
        });
  }

  @Test
  void aHostWithoutAddressesIsReported() {
    simulate(
        () -> {
          Script script = new Script().lookup(INET6, 0).lookup(INET, 0);
          UnknownHostException e =
              failure(UnknownHostException.class, () -> script.run(Deadline.NEVER));
          assertEquals("host:80: the host has no address", e.getMessage());
        });
  }

  @Test
  void aCancelEndsLookupsAndAttempts() {
    simulate(
        () -> {
          Script script =
              new Script().lookup(INET6, 0, "::1").lookup(INET, NEVER).connects("::1", NEVER);
          try (Bundle bundle = Bundle.open()) {
            Task<String> connecting = bundle.go(() -> script.run(Deadline.NEVER));
            Fiber.sleep(Duration.ofMillis(100));
            connecting.cancel();
            failure(TaskCancelledException.class, connecting::join);
          }
          assertLog(
              script, "0 INET6 ends", "0 ::1 begins", "100 ::1 cancelled", "100 INET cancelled");
        });
  }

  @Test
  void aConnectionThatIsOpenBesidesTheFirstIsDiscarded() {
    simulate(
        () -> {
          Script script =
              new Script()
                  .lookup(INET6, 0, "::1")
                  .lookup(INET, 0, "1.1.1.1")
                  .connects("::1", 300)
                  .connects("1.1.1.1", NEVER);
          script.succeedsLate = true;
          assertEquals("::1", script.run(Deadline.NEVER));
          assertEquals(List.of("1.1.1.1"), script.discarded);
        });
  }

  @Test
  void aConnectionThatOpensWhileTheCallerIsCancelledIsDiscarded() {
    simulate(
        () -> {
          Script script =
              new Script().lookup(INET6, 0, "::1").lookup(INET, 0).connects("::1", NEVER);
          script.succeedsLate = true;
          try (Bundle bundle = Bundle.open()) {
            Task<String> connecting = bundle.go(() -> script.run(Deadline.NEVER));
            Fiber.sleep(Duration.ofMillis(100));
            connecting.cancel();
            failure(TaskCancelledException.class, connecting::join);
          }
          assertEquals(List.of("::1"), script.discarded);
        });
  }

  @Test
  void atMostThirtyTwoAttemptsRunAtOnce() {
    simulate(
        () -> {
          Script script = new Script();
          String[] addresses = new String[40];
          for (int i = 0; i < addresses.length; i++) {
            addresses[i] = "1.1.1." + (i + 1);
            script.connects(addresses[i], NEVER);
          }
          script.lookup(INET6, 0).lookup(INET, 0, addresses).refuses("1.1.1.32", 10_000);
          failure(DeadlineExceededException.class, () -> script.run(Script.after(60_000)));
          long begun = script.log.stream().filter(line -> line.endsWith("begins")).count();
          assertEquals(33, begun);
          assertTrue(script.log.contains("17750 1.1.1.33 begins"), script.log::toString);
        });
  }
}

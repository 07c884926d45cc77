// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import dev.weft.FiberTask;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.strand.EventLoop;
import java.util.List;

/** The programs that test the scheduler, each with thousands of seeds. */
final class Scenarios {
  /** A program, and the faults while it runs. */
  record Scenario(String name, Faults faults, FiberTask task) {}

  static final List<Scenario> ALL =
      List.of(
          new Scenario("bundles", Faults.ordinary(), BundleScenarios::randomTree),
          new Scenario("deadlines", Faults.ordinary(), BundleScenarios::deadlinesAndShields),
          new Scenario("taskCancel", Faults.ordinary(), BundleScenarios::cancelRacesCompletion),
          new Scenario("laterCancel", Faults.ordinary(), BundleScenarios::cancelEndsLaterWaits),
          new Scenario("objects", Faults.ordinary(), ObjectScenarios::objects),
          new Scenario("closes", Faults.ordinary(), ObjectScenarios::closes),
          new Scenario("channels", Faults.ordinary(), SyncScenarios::channels),
          new Scenario("choose", Faults.ordinary(), SyncScenarios::choose),
          new Scenario("locks", Faults.ordinary(), SyncScenarios::locks),
          new Scenario("meetings", Faults.ordinary(), SyncScenarios::meetings),
          new Scenario("threads", Faults.ordinary(), ThreadScenarios::meetings),
          new Scenario("echo", Faults.ordinary(), SocketScenarios::echo),
          new Scenario("echoHarsh", Faults.harsh(), SocketScenarios::echoHarsh),
          new Scenario("large", Faults.ordinary(), ReceiveScenarios::large),
          new Scenario("lent", Faults.ordinary(), ReceiveScenarios::lent),
          new Scenario("lentSingly", Faults.ordinary(), without(ReceiveScenarios::lent)),
          new Scenario("fewBuffers", Faults.ordinary(), ReceiveScenarios::fewBuffers),
          new Scenario("lentClosed", Faults.ordinary(), ReceiveScenarios::closed),
          new Scenario("lentHarsh", Faults.harsh(), ReceiveScenarios::closed),
          new Scenario("accept", Faults.ordinary(), SocketScenarios::acceptRaces),
          new Scenario("acceptHarsh", Faults.harsh(), SocketScenarios::acceptRaces),
          new Scenario(
              "acceptBurst", Faults.ordinary().withEndedMultishots(0), AcceptScenarios::burst),
          new Scenario("acceptOne", Faults.ordinary(), AcceptScenarios::oneEach),
          new Scenario("serverLimit", Faults.ordinary(), ServerScenarios::limit),
          new Scenario("serverDrain", Faults.ordinary(), ServerScenarios::drain),
          new Scenario("serverHandOver", Faults.ordinary(), ServerScenarios::handOver),
          new Scenario("bytes", Faults.ordinary(), SocketScenarios::cancelledReadsLoseNothing),
          new Scenario("datagrams", Faults.ordinary(), DatagramScenarios::requests),
          new Scenario(
              "datagramsLost",
              Faults.ordinary().withLosses(200).withDuplicates(200).withReorderings(200),
              DatagramScenarios::requests),
          new Scenario("direct", Faults.ordinary(), DirectScenarios::connections),
          new Scenario("directHarsh", Faults.harsh(), DirectScenarios::connections),
          new Scenario("directMoves", Faults.ordinary(), DirectScenarios::moves),
          new Scenario("unix", Faults.ordinary(), UnixScenarios::passing),
          new Scenario("closing", Faults.ordinary(), ClosingScenarios::sockets),
          new Scenario("closingPipes", Faults.ordinary(), ClosingScenarios::pipes),
          new Scenario("closingArena", Faults.ordinary(), ClosingScenarios::arenas),
          new Scenario("blocking", Faults.ordinary(), ArrivalScenarios::blocking),
          new Scenario("blockingEnds", Faults.ordinary(), ArrivalScenarios::blockingCancelled),
          new Scenario("tasks", Faults.ordinary(), ArrivalScenarios::tasksInTasks),
          new Scenario("queue", Faults.ordinary(), ArrivalScenarios::queue),
          new Scenario("files", Faults.ordinary(), FileScenarios::files),
          new Scenario("trees", Faults.ordinary(), TreeScenarios::trees),
          new Scenario("segments", Faults.ordinary(), FileScenarios::segments),
          new Scenario("pipes", Faults.ordinary(), FileScenarios::pipes),
          new Scenario("splice", Faults.ordinary(), FileScenarios::splices),
          new Scenario("messages", Faults.ordinary(), ProtocolScenarios::messages),
          new Scenario("messageEnds", Faults.ordinary(), ProtocolScenarios::interruptedMessages),
          new Scenario("socks", Faults.ordinary(), ProtocolScenarios::socks),
          new Scenario("acceptSingly", Faults.ordinary(), without(SocketScenarios::acceptRaces)),
          new Scenario("acceptSinglyHarsh", Faults.harsh(), without(SocketScenarios::acceptRaces)),
          new Scenario("segmentsSingly", Faults.ordinary(), without(FileScenarios::segments)),
          new Scenario("copy", Faults.ordinary(), without(FileScenarios::splices)));

  private Scenarios() {}

  /** The program on a backend that can do nothing that is optional. */
  private static FiberTask without(FiberTask task) {
    return () -> {
      Backend backend = EventLoop.require("disable").backend();
      for (Capability capability : Capability.values()) {
        backend.disable(capability);
      }
      task.run();
    };
  }

  static Scenario named(String name) {
    return ALL.stream()
        .filter(scenario -> scenario.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "no scenario "
                        + name
                        + "; there are "
                        + String.join(", ", ALL.stream().map(Scenario::name).toList())));
  }
}

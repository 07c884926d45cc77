// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.soak;

import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.ReactorOptions;
import dev.weft.ReactorStats;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** The program of scripts/soak, which checks the arguments. */
public final class Soak {
  private static final int FAILED = 1;
  private static final Duration WARM_UP = Duration.ofSeconds(1);

  /** Stalls are not reported, since the process is sometimes stopped. */
  private static final ReactorOptions OPTIONS =
      ReactorOptions.defaults().withoutStallHandler().withQueueEntries(256);

  private Soak() {}

  /**
   * Runs one part of a soak.
   *
   * @param arguments {@code storm fibers|micro SECONDS SEED}, or {@code rounds PORT PROCESS ROUNDS
   *     CONNECTIONS} with the request on the standard input
   * @throws Exception if it can't be run
   */
  public static void main(String[] arguments) throws Exception {
    boolean passed =
        switch (arguments[0]) {
          case "storm" ->
              storm(
                  arguments[1].equals("micro"),
                  Duration.ofSeconds(Long.parseLong(arguments[2])),
                  Long.parseLong(arguments[3]));
          case "rounds" ->
              rounds(
                  Integer.parseInt(arguments[1]),
                  Long.parseLong(arguments[2]),
                  Integer.parseInt(arguments[3]),
                  Integer.parseInt(arguments[4]));
          default -> throw new IllegalArgumentException("neither storm nor rounds");
        };
    if (!passed) {
      System.exit(FAILED);
    }
  }

  private static boolean storm(boolean micro, Duration length, long seed) throws Exception {
    // Opens what is opened once per process, and loads classes, which needs descriptors.
    storm(micro, false, WARM_UP, seed, new Tally());
    int descriptors = stableDescriptors();
    Tally tally = new Tally();
    storm(micro, true, length, seed, tally);
    int left = stableDescriptors() - descriptors;
    if (left != 0) {
      tally.fault(left + " descriptors more than before");
    }
    tally.print();
    return tally.faults() == 0;
  }

  /** Waits until the count is stable: the JVM closes some of its own descriptors late. */
  private static int stableDescriptors() {
    System.gc();
    return Kernel.descriptors();
  }

  private static void storm(
      boolean micro, boolean starving, Duration length, long seed, Tally tally) throws Exception {
    long aborts = Kernel.abortsOnMemory();
    try (Reactor reactor = Reactor.open(OPTIONS)) {
      reactor.run(() -> new Storm(tally, seed, length).run(micro, starving));
      ReactorStats stats = reactor.stats();
      if (stats.stale() > 0) {
        tally.fault(stats.stale() + " completions of operations that had completed");
      }
    }
    aborts = Kernel.abortsOnMemory() - aborts;
    if (aborts > 0) {
      System.out.println(
          "the kernel has aborted " + aborts + " connections because memory was short");
    }
  }

  private static boolean rounds(int port, long process, int rounds, int connections)
      throws Exception {
    String request = new String(System.in.readAllBytes(), StandardCharsets.US_ASCII);
    InetSocketAddress server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    String wrong;
    try (Reactor reactor = Reactor.open()) {
      wrong =
          reactor.call(
              () -> {
                Fiber.yield();
                return new Rounds(server, process, request, connections).run(rounds);
              });
    }
    if (!wrong.isEmpty()) {
      System.out.println("FAULT: " + wrong);
    }
    return wrong.isEmpty();
  }
}

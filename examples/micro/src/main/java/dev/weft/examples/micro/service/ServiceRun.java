// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.service;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.ReactorOptions;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.ErrnoException;
import dev.weft.examples.common.ListenAddress;
import dev.weft.examples.common.Program;
import dev.weft.examples.common.Programs;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroService;
import dev.weft.micro.MicroThread;
import dev.weft.os.Signal;
import dev.weft.os.Signals;
import dev.weft.sync.Latch;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * Runs a service until SIGINT, SIGTERM or one of its own threads ends it. Then it closes its
 * listener, serves open connections for a grace time, and closes the remaining ones.
 *
 * @param name of the program
 * @param reactorOptions of its reactor, which is pinned
 * @param address where to listen
 * @param options of the connections' processes
 * @param connectionsMax the maximum number of concurrent connections
 * @param grace how long connections are served at the end
 * @param idleness how long a client may be idle
 */
record ServiceRun(
    String name,
    ReactorOptions reactorOptions,
    InetSocketAddress address,
    MicroOptions options,
    int connectionsMax,
    Duration grace,
    Idleness idleness) {
  /** Serves on a reactor of its own; returns the exit status. */
  int run(MicroProgram.Service service) throws Exception {
    // Pinned: no other thread of a service needs much CPU time.
    try (Reactor reactor = Reactor.open(reactorOptions.withCpu(ReactorOptions.ANY_CPU))) {
      return reactor.call(() -> serve(service));
    }
  }

  private int serve(MicroProgram.Service service) throws Exception {
    Latch over = Latch.of(1);
    Supplier<? extends MicroThread> handlers = service.handlers(over::countDown, idleness);
    try (Signals signals = Signals.open(Signal.INT, Signal.TERM);
        MicroService server = MicroService.start(address, options, connectionsMax, handlers)) {
      Programs.report("tcp listening on " + ListenAddress.text(server.localAddress()));
      Fiber watch = Fiber.start("signals", () -> watch(signals, over));
      over.await();
      server.stop();
      try {
        server.join(Deadline.after(grace));
      } catch (DeadlineExceededException e) {
        server.kill(); // the remaining connections
      }
      server.join();
      watch.cancel();
      return Program.SUCCESS;
    } catch (ErrnoException e) {
      Programs.report(name + ": tcp listen " + e.subject() + ": " + Programs.text(e));
      return Program.FAILURE;
    }
  }

  /** The first signal ends the service, the second one the program. */
  private static void watch(Signals signals, Latch over) {
    signals.await();
    over.countDown();
    Signal again = signals.await();
    Runtime.getRuntime().halt(128 + again.number());
  }
}

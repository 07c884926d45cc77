// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.soak;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.error.DeadlineExceededException;
import dev.weft.io.Pipe;
import dev.weft.sync.Channel;
import dev.weft.sync.Semaphore;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Hundreds of clients, half of them wild, while descriptors run out and deadlines pass. */
final class Storm {
  private static final int CLIENTS_MAX = 150;
  private static final int DISTURBED_FIBERS = 300;
  private static final int MICROSECOND = 1_000;

  private final Tally tally;
  private final Random random;
  private final Deadline end;
  private int clients;

  Storm(Tally tally, long seed, Duration length) {
    this.tally = tally;
    random = new Random(seed);
    end = Deadline.after(length);
  }

  /** Runs in the first fiber of a reactor. */
  void run(boolean micro, boolean starving) throws IOException {
    Server server = Server.open(micro, tally);
    Semaphore room = Semaphore.of(CLIENTS_MAX);
    Fiber starver = starving ? Fiber.start("starve", this::starve) : Fiber.start(() -> {});
    Fiber disturbing = Fiber.start("disturb", this::disturb);
    while (!end.hasPassed()) {
      room.acquire();
      clients++;
      Client client = new Client(tally, random.nextLong(), random.nextBoolean());
      Fiber.start(
          () -> {
            try {
              client.run(server.address());
            } finally {
              clients--;
              room.release();
            }
          });
    }
    starver.join();
    disturbing.join();
    awaitClients(server);
    server.stop();
    if (server.connections() > 0) {
      tally.fault(server.connections() + " connections of the server have not ended");
    }
  }

  private void awaitClients(Server server) {
    Deadline deadline = Deadline.after(Server.TIMEOUT.multipliedBy(2));
    while (clients > 0 && !deadline.hasPassed()) {
      Fiber.sleep(Duration.ofMillis(10));
    }
    if (clients > 0) {
      tally.fault(clients + " clients have not ended");
      System.out.println(Reactor.current().dump());
      Kernel.printConnections(server.address().getPort());
    }
  }

  /** Opens pipes until no descriptor is left, and closes them again. */
  private void starve() throws IOException {
    while (!end.hasPassed()) {
      Fiber.sleep(Duration.ofMillis(300 + random.nextInt(700)));
      List<Pipe> pipes = new ArrayList<>();
      try {
        while (true) {
          pipes.add(Pipe.open());
        }
      } catch (IOException e) {
        tally.exhaustions++;
      }
      Fiber.sleep(Duration.ofMillis(random.nextInt(50)));
      for (Pipe pipe : pipes) {
        pipe.close();
      }
    }
  }

  /** Deadlines pass and cancels come, for many fibers at a time. */
  private void disturb() throws IOException {
    while (!end.hasPassed()) {
      Fiber.sleep(Duration.ofMillis(100 + random.nextInt(400)));
      letDeadlinesPass();
      cancelReaders();
    }
  }

  private void letDeadlinesPass() {
    Channel<Integer> silent = Channel.rendezvous();
    try (Bundle bundle = Bundle.open()) {
      for (int i = 0; i < DISTURBED_FIBERS; i++) {
        Deadline soon = Deadline.after(Duration.ofNanos(random.nextInt(300 * MICROSECOND)));
        bundle.go(
            () -> {
              try {
                silent.receive(soon);
                tally.fault("a value that was not sent");
              } catch (DeadlineExceededException e) {
                tally.deadlines++;
              }
            });
      }
      bundle.await();
    }
  }

  private void cancelReaders() throws IOException {
    Pipe pipe;
    try {
      pipe = Pipe.open();
    } catch (IOException e) {
      tally.refusals++;
      return;
    }
    try (pipe;
        Arena arena = Arena.ofShared();
        Bundle bundle = Bundle.open()) {
      MemorySegment buffer = arena.allocate(1);
      bundle.go(
          () -> {
            pipe.source().read(buffer);
            tally.fault("a byte that was not written");
          });
      for (int i = 1; i < DISTURBED_FIBERS; i++) {
        bundle.go(() -> Fiber.sleep(Duration.ofHours(1)));
      }
      Fiber.sleep(Duration.ofNanos(random.nextInt(500 * MICROSECOND)));
      bundle.cancel();
      tally.cancels += DISTURBED_FIBERS;
      bundle.await();
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.error.ErrnoException;
import dev.weft.error.ScopeExpiredException;
import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroProcess;
import dev.weft.micro.MicroService;
import dev.weft.micro.MicroSocket;
import dev.weft.micro.MicroThread;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Micro-threads connect to a service, with faults of the network and of the service's threads. */
class ThreadsConnectTest {
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  private static final int CLIENTS = 4;
  private static final int BYTES = 100;
  private static final int PAGES = 64;
  private static final MicroOptions OPTIONS =
      MicroOptions.ofPages(PAGES)
          .withSlab(8L * PAGES * 4096, false)
          .withUserTimeout(Duration.ofSeconds(1));

  /** The number of clients served, in all runs. */
  private int served;

  /** Echoes what it receives. */
  private static final class Echo extends MicroThread {
    @Override
    protected void run() throws Exception {
      while (pollread() > 0) {
        forward(buffered());
      }
    }
  }

  /** Connects, sometimes with a deadline, and is served. */
  private final class Client extends MicroThread {
    private final InetSocketAddress address;
    private final RandomGenerator random;
    private boolean failed;

    Client(InetSocketAddress address, RandomGenerator random) {
      this.address = address;
      this.random = random;
    }

    @Override
    protected void run() throws Exception {
      for (int i = 0; i < 3; i++) {
        failed = false;
        MicroSocket connection = random.nextBoolean() ? connect(address) : connectSoon();
        if (connection != null) {
          talk(connection);
          connection.rxClose();
          connection.txClose();
        }
      }
    }

    private MicroSocket connectSoon() throws Exception {
      try (Bundle _ = Bundle.open(Deadline.after(Duration.ofNanos(random.nextLong(2_000_000))))) {
        return connect(address);
      } catch (ScopeExpiredException e) {
        return connect(address);
      }
    }

    private void talk(MicroSocket connection) throws Exception {
      MicroBlock block = calloc(1, BYTES);
      block.fill((byte) 'x');
      connection.write(block, BYTES);
      connection.flush();
      block.fill((byte) 0);
      int length = failed ? 0 : connection.read(block, BYTES);
      for (int i = 0; i < length; i++) {
        assertEquals('x', block.getByte(i));
      }
      served += length == BYTES ? 1 : 0;
      free();
    }

    /** Lowers every error except the end of the process. */
    @Override
    protected void lastly() {
      failed = true;
      if (errno() != null && !process().isEnded() && random.nextInt(8) > 0) {
        lower();
      }
    }
  }

  private void run() throws Exception {
    run(Echo::new);
  }

  private void run(Supplier<Echo> handlers) throws Exception {
    RandomGenerator random = Simulation.random();
    MicroService service;
    try {
      service = MicroService.start(ANY_PORT, OPTIONS, handlers);
    } catch (ErrnoException e) {
      return; // no descriptor was left
    }
    MicroProcess[] clients = new MicroProcess[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
      clients[i] = MicroProcess.start(new Client(service.localAddress(), random), OPTIONS);
    }
    if (random.nextBoolean()) {
      Fiber.sleep(Duration.ofNanos(random.nextLong(3_000_000)));
      clients[random.nextInt(CLIENTS)].kill();
    }
    for (MicroProcess client : clients) {
      client.join();
    }
    service.kill();
    service.join();
  }

  @Test
  void everyClientIsServedOnAFaultlessNetwork() {
    Simulation.seeds(100).check(this::run);

    assertTrue(served > 100 * CLIENTS * 2, () -> "served " + served);
  }

  @Test
  void nothingIsLeftOpenWhicheverFaultsOccur() {
    Simulation.seeds(300).withFaults(Faults.harsh()).check(this::run);

    assertTrue(served > 0);
  }

  /**
   * A failed write leaves the connection open: the client would wait for the lost bytes, and Echo
   * for the client's next ones.
   */
  @Test
  void aReadEndsAfterAWriteToTheSameConnectionHasFailed() {
    Simulation.seeds(100).withFaults(Faults.none().withExhaustions(100)).check(this::run);

    assertTrue(served > 0);
  }

  /** Sends everything, shuts down its output, and then reads the answer. */
  private final class HalfCloser extends MicroThread {
    private final InetSocketAddress address;

    HalfCloser(InetSocketAddress address) {
      this.address = address;
    }

    @Override
    protected void run() throws Exception {
      MicroSocket connection = connect(address);
      assert connection != null;
      MicroBlock block = calloc(1, BYTES);
      connection.write(block, BYTES);
      connection.txShutdown();
      served += connection.read(block, BYTES) == BYTES ? 1 : 0;
      assertEquals(0, connection.pollread());
    }
  }

  @Test
  void aHalfClosedConnectionCanStillBeRead() {
    Simulation.seeds(50)
        .withFaults(Faults.ordinary())
        .check(
            () -> {
              try (MicroService service = MicroService.start(ANY_PORT, OPTIONS, Echo::new)) {
                MicroProcess.start(new HalfCloser(service.localAddress()), OPTIONS).join();
              }
            });

    assertEquals(50, served);
  }

  @Test
  void aServiceThatCannotAcceptReportsItOnceUntilItCan() {
    List<String> events = new ArrayList<>();
    PrintStream before = System.err;
    System.setErr(new Refusals(events));
    try {
      Simulation.seeds(50)
          .withFaults(Faults.none().withExhaustions(500))
          .check(
              () -> {
                events.add("begun");
                run(
                    () -> {
                      events.add("accepted");
                      return new Echo();
                    });
              });
    } finally {
      System.setErr(before);
    }

    assertTrue(events.contains("refused") && events.contains("accepted"), events::toString);
    for (int i = 1; i < events.size(); i++) {
      assertFalse(events.get(i).equals("refused") && events.get(i - 1).equals("refused"));
    }
  }

  /** Records a service's reports of connections that it can't accept. */
  private static final class Refusals extends PrintStream {
    private final List<String> events;

    Refusals(List<String> events) {
      super(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
      this.events = events;
    }

    @Override
    public void print(String line) {
      if (line.contains(": accept: ")) {
        events.add("refused");
      }
    }
  }
}

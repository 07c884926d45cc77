// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.ReactorOptions;
import dev.weft.error.Errno;
import dev.weft.net.TcpSocket;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Something that goes wrong beneath the threads of a process. */
class MicroWreckTest {
  private static final MicroOptions OPTIONS = MicroOptions.ofPages(20).withStackful(true);
  private static final String CAUSE = "has no name";

  /** Waits for bytes, until something is raised at it. */
  private static final class Reader extends MicroThread {
    @Override
    protected void run() throws Exception {
      pollread();
    }
  }

  /** Can't be reported, when nobody can wake it. A read is in flight then that nobody waits for. */
  private static final class Nameless extends MicroThread {
    @Override
    protected void run() throws Exception {
      MicroBlock block = calloc(1, 1);
      Reader reader = new Reader();
      child(reader);
      play(reader);
      while (reader.status() != Status.WAIT) {
        suspend(Status.YIELD);
      }
      raiseAt(reader, Errno.EINTR);
      pause();
      block.getByte(0);
    }

    @Override
    public String name() {
      throw new IllegalStateException(CAUSE);
    }
  }

  /** Is in a call of fibers. */
  private static final class Sleeper extends MicroThread {
    @Override
    protected void run() {
      Fiber.sleep(Duration.ofHours(1));
    }
  }

  /** Fails, which can't be reported, while another is in a call of fibers. */
  private static final class Faulty extends MicroThread {
    @Override
    protected void run() throws Exception {
      Sleeper sleeper = new Sleeper();
      child(sleeper);
      play(sleeper);
      while (sleeper.status() != Status.WAIT) {
        suspend(Status.YIELD);
      }
      throw new IllegalArgumentException("a fault");
    }

    @Override
    public String name() {
      throw new IllegalStateException(CAUSE);
    }
  }

  private static final class Bystander extends MicroThread {
    final List<String> said = new ArrayList<>();

    @Override
    protected void run() throws Exception {
      pollread();
    }

    @Override
    protected void lastly() {
      said.add(String.valueOf(errno()));
    }
  }

  private static void awaitTheEndOfAConnection(MicroService service) {
    Fiber.start(
        "client",
        () -> {
          try (TcpSocket socket = TcpSocket.connect(service.localAddress());
              Arena arena = Arena.ofConfined()) {
            assertEquals(-1, socket.read(arena.allocate(10)));
          }
        });
  }

  @Test
  @Timeout(60)
  void theCauseIsReportedAndNothingIsLeft() throws Exception {
    breakDown(new Nameless());
  }

  @Test
  @Timeout(60)
  void callsOfFibersInABrokenProcessAreCutShort() throws Exception {
    breakDown(new Faulty());
  }

  private static void breakDown(MicroThread thread) throws Exception {
    Bystander bystander = new Bystander();
    MicroThread[] handlers = {bystander, thread};
    MicroService[] service = new MicroService[1];
    int[] next = {0};

    List<Throwable> failures = new ArrayList<>();
    ReactorOptions options =
        ReactorOptions.defaults()
            .withUncaughtExceptionHandler((fiber, failure) -> failures.add(failure));
    try (Reactor reactor = Reactor.open(options)) {
      reactor.run(
          () -> {
            service[0] =
                MicroService.start(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                    OPTIONS,
                    () -> handlers[next[0]++]);
            for (int i = 0; i < handlers.length; i++) {
              awaitTheEndOfAConnection(service[0]);
            }
          });
    }

    assertEquals(1, failures.size(), failures::toString);
    Throwable failure = failures.getFirst();
    assertEquals(CAUSE, failure.getMessage());
    assertEquals(List.of(), List.of(failure.getSuppressed()));
    assertEquals(List.of("EINTR"), bystander.said);
    assertEquals(0, service[0].connections());
  }
}

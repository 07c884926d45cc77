// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static dev.weft.Throwing.assertThrows;
import static dev.weft.Throwing.nothing;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.weft.Reactors;
import dev.weft.sync.Latch;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

/** Calls that processes and services refuse. */
class RefusedServiceCallsTest {
  private static final int PAGES = 8;

  private static final class Waiter extends MicroThread {
    private final Latch end;

    Waiter(Latch end) {
      this.end = end;
    }

    @Override
    protected void run() {
      end.await();
    }
  }

  private static MicroService service(Latch end) throws Exception {
    InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    return MicroService.start(anyPort, MicroOptions.ofPages(PAGES), () -> new Waiter(end));
  }

  @Test
  void anotherReactorCanNeitherJoinNorKillProcessesAndServices() throws Exception {
    Reactors.run(
        () -> {
          Latch end = Latch.of(1);
          MicroProcess process = MicroProcess.start(new Waiter(end), PAGES);
          MicroService service = service(end);

          FutureTask<Void> other =
              new FutureTask<>(
                  () -> {
                    Reactors.run(() -> assertRefused(process, service));
                    return null;
                  });
          Thread.ofPlatform().start(other);
          other.get();

          assertFalse(process.isEnded());
          end.countDown();
          process.join();
          service.close();
          service.join();
        });
  }

  private static void assertRefused(MicroProcess process, MicroService service) {
    assertThrows(WrongThreadException.class, process::join);
    assertThrows(WrongThreadException.class, process::kill);
    assertThrows(WrongThreadException.class, service::join);
    assertThrows(WrongThreadException.class, service::close);
  }

  @Test
  void aServiceNeedsHandlers() throws Exception {
    InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    Reactors.run(
        () ->
            assertThrows(
                NullPointerException.class,
                () -> MicroService.start(anyPort, MicroOptions.ofPages(PAGES), nothing())));
  }

  @Test
  void negativeLimitsOfASupervisorAreRefused() throws Exception {
    Reactors.run(
        () -> {
          Latch end = Latch.of(0);
          Waiter waiter = new Waiter(end);
          MicroProcess process = MicroProcess.start(waiter, PAGES);

          assertThrows(
              IllegalArgumentException.class,
              () -> process.supervise(waiter, -1, Duration.ofSeconds(1)));
          assertThrows(
              IllegalArgumentException.class,
              () -> process.supervise(waiter, 1, Duration.ofSeconds(-1)));
          process.join();
        });
  }
}

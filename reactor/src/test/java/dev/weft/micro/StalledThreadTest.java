// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Reactor;
import dev.weft.ReactorOptions;
import dev.weft.Stall;
import dev.weft.micro.FiberCallMode.Actor;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A micro-thread that stalls its reactor. */
@Tag("needs-weaving") // and runs in each form
class StalledThreadTest {
  private static final class Spinner extends Actor {
    private final CompletableFuture<Stall> seen;

    Spinner(CompletableFuture<Stall> seen) {
      super("spinner");
      this.seen = seen;
    }

    @Override
    protected void run() {
      while (!seen.isDone()) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  @Timeout(60)
  void aStalledMicroThreadIsReportedByItsName() throws Exception {
    CompletableFuture<Stall> seen = new CompletableFuture<>();
    ReactorOptions options =
        ReactorOptions.defaults()
            .withStallHandler(
                Duration.ofMillis(1),
                stall -> {
                  if (stall
                      .fiber()
                      .equals("spinner")) { // the start of other fibers may be reported too
                    seen.complete(stall);
                  }
                });

    try (Reactor reactor = Reactor.open(options)) {
      reactor.run(() -> MicroProcess.start(new Spinner(seen), 16).join());
    }

    assertTrue(
        seen.join().stack().stream().anyMatch(frame -> frame.getClassName().contains("Spinner")));
  }
}

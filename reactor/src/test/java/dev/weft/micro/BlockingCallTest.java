// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Reactor;
import dev.weft.ReactorOptions;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Blocking calls made by micro-threads. */
@Tag("needs-weaving") // and runs in each form
class BlockingCallTest {
  private static final class Caller extends MicroThread {
    @Override
    protected void run() throws Exception {
      literal(blocking(() -> "answer"));
      try {
        blocking(
            () -> {
              throw new IOException(" and failure");
            });
      } catch (IOException e) {
        literal(String.valueOf(e.getMessage()));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void resultAndExceptionOfABlockingCallReachTheThread(ExecutionMode mode) throws Exception {
    assertEquals("answer and failure", mode.run(new Caller()).output());
  }

  private static final class Opener extends MicroThread {
    private final CountDownLatch latch;

    Opener(CountDownLatch latch) {
      this.latch = latch;
    }

    @Override
    protected void run() {
      latch.countDown();
    }
  }

  private static final class Waiter extends MicroThread {
    private final CountDownLatch latch = new CountDownLatch(1);

    @Override
    protected void run() throws Exception {
      Opener opener = new Opener(latch);
      child(opener);
      play(opener);
      blocking(
          () -> {
            latch.await();
            return latch;
          });
      literal("opened");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"REACTOR_WOVEN", "REACTOR_STACKFUL"})
  void otherThreadsRunDuringABlockingCall(ExecutionMode mode) throws Exception {
    assertEquals("opened", mode.run(new Waiter()).output());
  }

  @Test
  void aProcessThatIsKilledDoesNotWaitForItsCalls() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    // The fiber waits with a JDK call: a stackless fiber would block the reactor.
    ReactorOptions options = ReactorOptions.defaults().withStackful(true);
    try (Reactor reactor = Reactor.open(options)) {
      reactor.run(
          () -> {
            CountDownLatch begun = new CountDownLatch(1);
            MicroProcess process = MicroProcess.start(new Stuck(begun, never), 16);
            begun.await();
            process.kill();
            process.join();
            never.countDown();
          });
    }
  }

  private static final class Stuck extends MicroThread {
    private final CountDownLatch begun;
    private final CountDownLatch end;

    Stuck(CountDownLatch begun, CountDownLatch end) {
      this.begun = begun;
      this.end = end;
    }

    @Override
    protected void run() throws Exception {
      blocking(
          () -> {
            begun.countDown();
            end.await();
            return end;
          });
    }
  }
}

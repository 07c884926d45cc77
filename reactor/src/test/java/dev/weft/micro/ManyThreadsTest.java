// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.weft.Fiber;
import dev.weft.error.Errno;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Many threads that wait for the same: ending one, or all, does not recurse per thread. */
class ManyThreadsTest {
  private static final int COUNT = 20_000;

  private static final class Reader extends MicroThread {
    @Override
    protected void run() throws Exception {
      pollread();
    }
  }

  /** Starts readers of its own input, and ends the one that was queued last. */
  private static final class Starter extends MicroThread {
    private final Reader first = new Reader();

    @Override
    protected void run() throws Exception {
      begin(first);
      for (int i = 1; i < COUNT; i++) {
        begin(new Reader());
      }
      suspend(MicroStatus.YIELD);
      raiseAt(first, Errno.EIO);
      pollread();
    }

    private void begin(MicroThread reader) {
      child(reader);
      play(reader);
    }
  }

  @Test
  void endingOneOfManyWaitingThreadsEndsNoOther() throws Exception {
    Starter starter = new Starter();
    Starter beside = new Starter();
    Runs runs = new Runs();
    try (SystemPipe input = SystemPipe.open()) {
      MicroOptions options =
          Runs.options(false).withDescriptors(input.reading, 1).withBudget(10 * COUNT);
      runs.run(
          () -> {
            MicroProcess other = MicroProcess.start(beside, options);
            MicroProcess process = MicroProcess.start(starter, options);
            while (!starter.first.isEnded() || !beside.first.isEnded()) {
              Fiber.yield();
            }
            assertEquals(COUNT, process.control.threads().live());
            process.kill();
            process.join();
            assertFalse(other.isEnded());
            other.kill();
            other.join();
          });
    }

    assertEquals(List.of(), runs.failures);
  }

  private static final class Callee extends MicroThread {
    int asked;

    @Override
    protected void run() {
      while (true) {
        listen();
        asked++;
      }
    }
  }

  private static final class Asker extends MicroThread {
    private final Callee callee;
    private final int number;
    private final List<Integer> refused;

    Asker(Callee callee, int number, List<Integer> refused) {
      this.callee = callee;
      this.number = number;
      this.refused = refused;
    }

    @Override
    protected void run() throws Exception {
      request(callee, new MicroRequest<String, String>(), "what");
    }

    @Override
    protected void lastly() {
      if (errno() == Errno.ESRCH) {
        refused.add(number);
      }
    }
  }

  /** Starts many threads that request of one that never answers, and ends that. */
  private static final class Judge extends MicroThread {
    private final Callee callee = new Callee();
    final List<Integer> refused = new ArrayList<>();

    @Override
    protected void run() throws Exception {
      child(callee);
      for (int i = 0; i < COUNT; i++) {
        Asker asker = new Asker(callee, i, refused);
        child(asker);
        play(asker);
      }
      while (callee.asked < COUNT) {
        suspend(MicroStatus.YIELD);
      }
      raiseAt(callee, Errno.EINTR);
    }
  }

  @Test
  void requestersOfAThreadThatEndsAreNotifiedInTheirOrder() throws Exception {
    Judge judge = new Judge();
    Runs runs = new Runs();

    runs.run(judge, false);

    assertEquals(COUNT, judge.refused.size());
    for (int i = 0; i < COUNT; i++) {
      assertEquals(i, judge.refused.get(i));
    }
    assertEquals(List.of(), runs.failures);
    assertEquals(0, runs.logged("deadlocked"));
  }
}

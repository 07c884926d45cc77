// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a switch of a coroutine allocates, on a stack and woven. */
@Tag("needs-fresh-jvm") // allocation depends on what the JIT has compiled before
class CoroutineCostTest {
  private static final int RESUMES = 2_000;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static Coroutine<String, String, Void> echo() {
    return Coroutine.of(
        out -> {
          for (String given = "first"; ; ) {
            given = out.yield(given);
          }
        });
  }

  private static void resume(Coroutine<String, String, Void> coroutine) {
    for (int i = 0; i < RESUMES; i++) {
      assertEquals("given", coroutine.resume("given"));
    }
  }

  @Test
  void aResumeByAThreadAllocatesNothing() throws Exception {
    try (Coroutine<String, String, Void> coroutine = echo()) {
      coroutine.start();

      long thread = Thread.currentThread().threadId();
      CostTest.assertReachesZero(threads, thread, () -> resume(coroutine));
    }
  }

  @Test
  @Tag("needs-scheduler") // the thread whose allocations are counted is that of the reactor
  void aResumeByAFiberAllocatesNothing() throws Exception {
    Reactors.run(
        () -> {
          try (Coroutine<String, String, Void> coroutine = echo()) {
            coroutine.start();

            long thread = CostTest.carrierOf(Reactor.current());
            CostTest.assertReachesZero(threads, thread, () -> resume(coroutine));
          }
        });
  }
}

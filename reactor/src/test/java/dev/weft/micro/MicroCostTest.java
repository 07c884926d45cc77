// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import dev.weft.Fiber;
import dev.weft.Reactor;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What micro-threads cost, counted, not timed. */
@Tag("needs-weaving") // on stacks of their own a switch allocates now and then
class MicroCostTest {
  private static final int PAGES = 20;
  private static final int SWITCHES = 2_000;

  /**
   * The JIT has to compile the path before allocations disappear: it is given this many windows.
   */
  private static final int WINDOWS_MAX = 400;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Passes control to and fro with a partner, until that allocates nothing. */
  private static final class Player extends MicroThread {
    private final boolean waitsAsFibersDo;
    final Partner partner = new Partner(this);
    long allocated = Long.MAX_VALUE;
    boolean hadStrand;

    Player(boolean waitsAsFibersDo) {
      this.waitsAsFibersDo = waitsAsFibersDo;
    }

    @Override
    protected void run() {
      child(partner);
      if (waitsAsFibersDo) {
        Fiber.sleep(Duration.ZERO);
      }
      for (int window = 0; window < WINDOWS_MAX && allocated > 0; window++) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < SWITCHES; i++) {
          call(partner);
        }
        allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
      }
      hadStrand = control.hasStrand();
      partner.isOver = true;
      play(partner);
    }
  }

  private static final class Partner extends MicroThread {
    private final MicroThread player;
    boolean isOver;

    Partner(MicroThread player) {
      this.player = player;
    }

    @Override
    protected void run() {
      while (!isOver) {
        call(player);
      }
    }
  }

  private static Player run(boolean waitsAsFibersDo) throws Exception {
    Player player = new Player(waitsAsFibersDo);
    try (Reactor reactor = Reactor.open()) {
      reactor.run(() -> MicroProcess.start(player, PAGES).join());
    }
    return player;
  }

  @Test
  void aSwitchOfThreadsAllocatesNothing() throws Exception {
    assertEquals(0, run(false).allocated);
  }

  @Test
  void aThreadThatSaysNoWordOfFibersHasNoStrand() throws Exception {
    assertEquals(false, run(false).hadStrand);
  }

  @Test
  void aSwitchAllocatesNothingIfOneOfThemHasOne() throws Exception {
    Player player = run(true);

    assertEquals(true, player.hadStrand);
    assertEquals(0, player.allocated);
  }
}

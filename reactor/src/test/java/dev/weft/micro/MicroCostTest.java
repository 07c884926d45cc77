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

/** Counts what micro-threads cost: allocations. */
@Tag("needs-weaving") // on stacks of their own a switch allocates now and then
class MicroCostTest {
  private static final int PAGES = 20;
  private static final int SWITCHES = 2_000;

  /** Allocations disappear only when the JIT has compiled the path; so many windows are tried. */
  private static final int WINDOWS_MAX = 400;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Passes control to and fro with a partner, until a window has no allocation. */
  private static final class Player extends MicroThread {
    private final boolean makesFiberCalls;
    final Partner partner = new Partner(this);
    long allocated = Long.MAX_VALUE;
    boolean hadStrand;

    Player(boolean makesFiberCalls) {
      this.makesFiberCalls = makesFiberCalls;
    }

    @Override
    protected void run() {
      child(partner);
      if (makesFiberCalls) {
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

  private static Player run(boolean makesFiberCalls) throws Exception {
    Player player = new Player(makesFiberCalls);
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
  void aThreadThatMakesNoFiberCallHasNoStrand() throws Exception {
    assertEquals(false, run(false).hadStrand);
  }

  @Test
  void aSwitchAllocatesNothingIfOneThreadHasAStrand() throws Exception {
    Player player = run(true);

    assertEquals(true, player.hadStrand);
    assertEquals(0, player.allocated);
  }
}

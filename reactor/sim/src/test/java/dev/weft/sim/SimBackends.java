// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import dev.weft.sim.env.SeededRandom;
import dev.weft.sim.env.VirtualClock;
import dev.weft.sim.kernel.FileTree;
import dev.weft.sim.kernel.Request;
import dev.weft.sim.run.SimBackend;

/** Simulated kernels without a reactor, for tests of the kernel itself. */
final class SimBackends {
  private SimBackends() {}

  static SimBackend open(int entries, Faults faults) {
    FileTree files = new FileTree();
    files.putDirectory("/dev");
    files.putDirectory("/tmp");
    return new SimBackend(
        new VirtualClock(), new SeededRandom(1), faults, files, entries, new Strict());
  }

  /** Every violation fails the test immediately. */
  private static final class Strict implements SimBackend.Observer {
    @Override
    public void completed(Request request, int result, boolean more) {}

    @Override
    public void broken(String rule) {
      throw new AssertionError(rule);
    }

    @Override
    public void stuck() {
      throw new AssertionError("nothing can complete any more");
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.benchmarks;

import dev.weft.FiberTask;
import dev.weft.Reactor;
import dev.weft.ReactorOptions;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A reactor on the measuring thread. */
@State(Scope.Thread)
public class ReactorState {
  /** Whether fibers with a woven task run without a stack. */
  @Param({"false", "true"})
  private boolean woven;

  private Reactor reactor = unopened();

  @SuppressWarnings("NullAway") // set up before it is used
  private static Reactor unopened() {
    return null;
  }

  /** Opens the reactor on the thread that will use it. */
  @Setup(Level.Trial)
  public void open() throws Exception {
    reactor =
        Reactor.open(
            ReactorOptions.defaults()
                .withCpu(ReactorOptions.UNPINNED)
                .withStackful(!woven)
                .withoutStallHandler());
  }

  /** Runs a task and all that it starts. */
  public void run(FiberTask task) throws Exception {
    reactor.run(task);
  }

  /** Closes the reactor. */
  @TearDown(Level.Trial)
  public void close() {
    reactor.close();
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static org.junit.jupiter.api.Assumptions.abort;

import dev.weft.error.ReactorUnavailableException;
import java.util.ArrayList;
import java.util.List;

/** Reactors for tests: unpinned; a failure of a fiber that is not joined fails the test. */
public final class Reactors {
  private Reactors() {}

  /** Options for tests. */
  public static ReactorOptions options() {
    return ReactorOptions.defaults().withCpu(ReactorOptions.UNPINNED);
  }

  /**
   * Opens a reactor, or skips the test with the reason; where CI is set, that is a failure instead.
   */
  public static Reactor open(ReactorOptions options) throws Exception {
    try {
      return Reactor.open(options);
    } catch (ReactorUnavailableException e) {
      if (System.getenv("CI") != null) {
        throw e;
      }
      return abort(e.getMessage());
    }
  }

  /** Runs {@code task} to the end of all its fibers. */
  public static void run(FiberTask task) throws Exception {
    run(options(), task);
  }

  /**
   * As {@link #run(FiberTask)}, in a test of no more than that: {@code task} ends, without a
   * failure and within the time limit of the tests.
   */
  public static void assertEnds(FiberTask task) throws Exception {
    run(task);
  }

  /** As {@link #run(FiberTask)}, with options other than the handler of uncaught exceptions. */
  public static void run(ReactorOptions options, FiberTask task) throws Exception {
    List<Throwable> failures = new ArrayList<>();
    try (Reactor reactor =
        open(options.withUncaughtExceptionHandler((fiber, failure) -> failures.add(failure)))) {
      reactor.run(task);
    }
    if (!failures.isEmpty()) {
      throw new AssertionError("a fiber failed", failures.getFirst());
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.injection;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.FiberTask;
import dev.weft.Reactor;
import dev.weft.ReactorOptions;
import dev.weft.internal.diag.LoopInvariants;
import dev.weft.internal.strand.EventLoop;
import dev.weft.sim.Simulation;
import dev.weft.sim.SimulationFailure;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Fibers that use the code into which failures are injected, run once for each failure. It runs on
 * the simulated machine, where time is virtual, so that a fiber whose partner has failed fails at
 * its deadline, or on a ring. After each turn the loop's invariants are checked. Its classes are
 * loaded by {@link InjectingLoader}.
 */
public abstract class Program implements Runnable {
  static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private static final long TURNS_MAX = 20_000;
  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

  /** How often a failed close is repeated. */
  private static final int CLOSES_MAX = 20;

  private final boolean simulated;
  private final Thread thread = Thread.currentThread();
  private final List<Throwable> unexpected = new ArrayList<>();

  // The number of blocks begun that end in a finally, and of finally blocks run.
  int begun;
  int ended;

  Program(boolean simulated) {
    this.simulated = simulated;
  }

  /** The tasks of the first fibers. */
  abstract List<FiberTask> tasks();

  /** Checks for leaks, in the first fiber; no more failures are injected. */
  void atEnd() throws Exception {}

  /** Runs it; throws if a failure is found that was not injected or caused by an injected one. */
  @Override
  public final void run() {
    if (simulated) {
      runSimulated();
    } else {
      runOnRing();
    }
    if (begun != ended) {
      broken(begun + " fibers have begun, and " + ended + " finally blocks run");
    }
    if (!unexpected.isEmpty()) {
      AssertionError error = new AssertionError(unexpected.getFirst());
      unexpected.stream().skip(1).forEach(error::addSuppressed);
      throw error;
    }
  }

  private void runSimulated() {
    try {
      Simulation.seed(1).withTurnsMax(TURNS_MAX).run(this::main);
    } catch (SimulationFailure failure) {
      note(failure.getCause());
      for (Throwable another : failure.getSuppressed()) {
        note(another);
      }
    } catch (OutOfMemoryError | StackOverflowError e) { // the reactor could not be opened
      note(e);
    }
  }

  private void runOnRing() {
    List<String> before = descriptors();
    ReactorOptions options =
        ReactorOptions.defaults()
            .withCpu(ReactorOptions.UNPINNED)
            .withoutStallHandler()
            .withLeakHandler(leak -> broken("left open: " + leak))
            .withUncaughtExceptionHandler((fiber, failure) -> note(failure));
    EventLoop loop = null;
    try (Reactor reactor = Reactor.open(options)) {
      EventLoop own = EventLoop.require("test");
      loop = own;
      own.housekeeping(() -> audit(LoopInvariants.of(own)));
      reactor.run(this::main);
    } catch (Throwable e) {
      note(e);
    }
    if (loop != null) {
      audit(LoopInvariants.ofClosed(loop));
      if (loop.backend().inFlight() != 0) {
        broken("operations are in flight after close");
      }
    }
    List<String> left = descriptors();
    left.removeAll(before);
    if (!left.isEmpty()) {
      broken("descriptors are left: " + left);
    }
  }

  private void audit(String wrong) {
    if (wrong != null) {
      broken(wrong);
    }
  }

  /** The sockets, pipes and rings of this process, sorted. */
  private static List<String> descriptors() {
    List<String> found = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(DESCRIPTORS)) {
      for (Path each : all) {
        try {
          String what = Files.readSymbolicLink(each).toString();
          if (what.startsWith("socket:")
              || what.startsWith("pipe:")
              || what.startsWith("anon_inode:")) {
            found.add(each.getFileName() + " " + what);
          }
        } catch (NoSuchFileException e) {
          // the descriptor of the listed folder
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    found.sort(null);
    return found;
  }

  // ---- reporting

  final void broken(String what) {
    unexpected.add(new AssertionError(what));
  }

  /** Ignores what an injected failure has caused, except broken promises. */
  final void note(Throwable failure) {
    boolean broken =
        failure instanceof AssertionError
            || failure instanceof NullPointerException
            || failure instanceof IndexOutOfBoundsException;
    if (broken && !Injection.isInjected(failure)) {
      unexpected.add(failure);
    }
  }

  // ---- for the fibers

  static Deadline soon() {
    return Deadline.after(Duration.ofSeconds(5));
  }

  private void main() throws Exception {
    thread.setUncaughtExceptionHandler((each, failure) -> note(failure));
    List<Fiber> fibers = new ArrayList<>();
    for (FiberTask task : tasks()) {
      try {
        fibers.add(Fiber.start(() -> guarded(task)));
      } catch (Error e) {
        note(e);
      }
    }
    for (Fiber fiber : fibers) {
      join(fiber);
    }
    Injection.stop();
    atEnd();
  }

  /** Waits for a fiber even if the first attempts fail: it may not have run yet. */
  private void join(Fiber fiber) {
    for (int attempt = 0; attempt < CLOSES_MAX; attempt++) {
      try {
        fiber.join(soon());
        return;
      } catch (RuntimeException | Error e) {
        note(e);
        if (!Injection.isInjected(e)) {
          return;
        }
      }
    }
  }

  final void guarded(FiberTask task) {
    begun++;
    try {
      task.run();
    } catch (Throwable e) {
      note(e);
    } finally {
      ended++;
    }
  }

  /** Closes its subject even if the first attempts fail. */
  record Closer<T extends AutoCloseable>(T subject) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      for (int attempt = 1; ; attempt++) {
        try {
          subject.close();
          return;
        } catch (IOException | RuntimeException | Error e) {
          if (attempt == CLOSES_MAX || !Injection.isInjected(e)) {
            throw e;
          }
        } catch (Exception e) {
          throw new AssertionError("nothing that is closed here throws it", e);
        }
      }
    }
  }

  static <T extends AutoCloseable> Closer<T> closing(T subject) {
    return new Closer<>(subject);
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import dev.weft.FiberKind;
import dev.weft.FiberTask;
import dev.weft.Reactor;
import dev.weft.ReactorOptions;
import dev.weft.error.ReactorUnavailableException;
import dev.weft.internal.access.Opener;
import dev.weft.internal.strand.EventLoop;
import dev.weft.os.Signal;
import dev.weft.sim.env.SeededRandom;
import dev.weft.sim.kernel.FileTree;
import dev.weft.sim.run.SimulationRun;
import java.lang.invoke.MethodHandles;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Runs a program of fibers on a simulated machine, once for each of many seeds: see the package's
 * description. Immutable; the static methods are for the program under test.
 *
 * <p>The system property {@code dev.weft.sim.seed} makes {@link #check} run that seed alone.
 */
public final class Simulation {
  /** The system property that replays one seed. */
  private static final String SEED_PROPERTY = "dev.weft.sim.seed";

  private static final long TURNS_MAX = 200_000;

  /** It ends a program that writes without limit. */
  private static final long DISK_BYTES = 1 << 26;

  private static final int EVENTS_SHOWN = 30;
  private static final int ENTRIES_MAX_LOG2 = 10;

  /** A file, or a directory if there is no content. */
  private record Fixture(String path, @Nullable String content) {}

  private final long firstSeed;
  private final int count;
  private final Faults faults;
  private final long turnsMax;
  private final List<Fixture> fixtures;
  private final int directDescriptors;
  private final long diskBytes;

  private Simulation(
      long firstSeed,
      int count,
      Faults faults,
      long turnsMax,
      List<Fixture> fixtures,
      int directDescriptors,
      long diskBytes) {
    this.firstSeed = firstSeed;
    this.count = count;
    this.faults = faults;
    this.turnsMax = turnsMax;
    this.fixtures = List.copyOf(fixtures);
    this.directDescriptors = directDescriptors;
    this.diskBytes = diskBytes;
  }

  // ---- setting up

  /**
   * The simulations of the seeds from 1 on, with {@link Faults#ordinary}.
   *
   * @param count how many
   * @return a simulation to be set up further, or run
   */
  public static Simulation seeds(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("count must be at least 1: " + count);
    }
    return new Simulation(1, count, Faults.ordinary(), TURNS_MAX, List.of(), 0, DISK_BYTES);
  }

  /**
   * The simulation of one seed, with {@link Faults#ordinary}.
   *
   * @param seed any number
   * @return a simulation to be set up further, or run
   */
  public static Simulation seed(long seed) {
    return seeds(1).withFirstSeed(seed);
  }

  /**
   * This simulation with other seeds.
   *
   * @param seed the first one; the others follow it
   * @return a new simulation
   */
  public Simulation withFirstSeed(long seed) {
    return new Simulation(seed, count, faults, turnsMax, fixtures, directDescriptors, diskBytes);
  }

  /**
   * This simulation with other faults.
   *
   * @param faults what goes wrong
   * @return a new simulation
   */
  public Simulation withFaults(Faults faults) {
    return new Simulation(
        firstSeed, count, faults, turnsMax, fixtures, directDescriptors, diskBytes);
  }

  /**
   * This simulation with another limit: a run that has not ended by then fails.
   *
   * @param turns of the reactor, 200 000 by default
   * @return a new simulation
   */
  public Simulation withTurnsMax(long turns) {
    if (turns < 1) {
      throw new IllegalArgumentException("turns must be at least 1: " + turns);
    }
    return new Simulation(firstSeed, count, faults, turns, fixtures, directDescriptors, diskBytes);
  }

  /**
   * This simulation with a file, which each run has anew. The standard streams are files too:
   * {@code /dev/stdin}, {@code /dev/stdout} and {@code /dev/stderr}.
   *
   * @param path where; directories are made as needed
   * @param content what is in it, in UTF-8
   * @return a new simulation
   */
  public Simulation withFile(String path, String content) {
    return with(new Fixture(path, content));
  }

  /**
   * This simulation with a directory, which each run has anew.
   *
   * @param path where; those above are made as needed
   * @return a new simulation
   */
  public Simulation withDirectory(String path) {
    return with(new Fixture(path, null));
  }

  /**
   * This simulation with a disk of another size, 64 MiB by default. Writes beyond are short, and
   * then fail with ENOSPC.
   *
   * @param bytes the space for the contents of files, which take it in blocks of 4096 bytes
   * @return a new simulation
   */
  public Simulation withDiskBytes(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes must not be negative: " + bytes);
    }
    return new Simulation(firstSeed, count, faults, turnsMax, fixtures, directDescriptors, bytes);
  }

  private Simulation with(Fixture fixture) {
    List<Fixture> more = new ArrayList<>(fixtures);
    more.add(fixture);
    return new Simulation(firstSeed, count, faults, turnsMax, more, directDescriptors, diskBytes);
  }

  /**
   * This simulation with a table of direct descriptors: see {@link
   * ReactorOptions#withDirectDescriptors}.
   *
   * @param size the most that are open at a time
   * @return a new simulation
   */
  public Simulation withDirectDescriptors(int size) {
    return new Simulation(firstSeed, count, faults, turnsMax, fixtures, size, diskBytes);
  }

  // ---- running

  /**
   * Runs {@code task} once for each seed, until one fails.
   *
   * @param task the first fiber of each run; it must begin afresh each time
   * @throws SimulationFailure if one fails; no more are run
   * @throws IllegalStateException if the thread has a reactor, or this JVM does not let a reactor
   *     schedule virtual threads
   */
  public void check(FiberTask task) {
    Long only = Long.getLong(SEED_PROPERTY);
    if (only != null) {
      withFirstSeed(only).run(task);
      return;
    }
    if (System.getProperty(SEED_PROPERTY) != null) {
      throw new IllegalArgumentException(
          SEED_PROPERTY + " must be a number: " + System.getProperty(SEED_PROPERTY));
    }
    for (int i = 0; i < count; i++) {
      withFirstSeed(firstSeed + i).run(task);
    }
  }

  /**
   * Runs {@code task} once, with the first seed.
   *
   * @param task the first fiber
   * @return what happened
   * @throws SimulationFailure if it fails
   * @throws IllegalStateException if the thread has a reactor, or this JVM does not let a reactor
   *     schedule virtual threads
   */
  public Trace run(FiberTask task) {
    Thread thread = Thread.currentThread();
    Thread.UncaughtExceptionHandler before = thread.getUncaughtExceptionHandler();
    try {
      return runOnce(task);
    } finally {
      thread.setUncaughtExceptionHandler(before);
    }
  }

  private Trace runOnce(FiberTask task) {
    SeededRandom chance = new SeededRandom(firstSeed);
    // A queue that is full at one entry or never.
    int entries = faults.deferrals() > 0 ? 1 << chance.below(ENTRIES_MAX_LOG2 + 1) : 1 << 10;
    SimulationRun run = new SimulationRun(chance, faults, files(), entries, turnsMax);
    Thread.currentThread().setUncaughtExceptionHandler((thread, failure) -> run.fail(failure));
    Reactor reactor = open(run);
    EventLoop loop = EventLoop.require("run");
    run.begin(loop);
    try {
      reactor.run(task);
    } catch (SimulationRun.Abandoned e) {
      loop.abandon();
      run.fail(e);
      throw failure(run);
    } catch (Throwable e) {
      run.fail(e);
    }
    close(reactor, loop, run);
    if (run.failures().isEmpty()) {
      run.auditEnd(loop);
    }
    if (!run.failures().isEmpty()) {
      throw failure(run);
    }
    return new Trace(run.trace());
  }

  private static void close(Reactor reactor, EventLoop loop, SimulationRun run) {
    try {
      reactor.close();
    } catch (SimulationRun.Abandoned e) {
      loop.abandon();
      run.fail(e);
    } catch (RuntimeException e) {
      run.fail(e);
    }
    if (!run.isQuiet()) {
      run.broken("operations are in flight after close");
    }
  }

  private FileTree files() {
    FileTree files = new FileTree();
    files.setDiskBytes(diskBytes);
    files.putDirectory("/dev");
    files.putDirectory("/tmp");
    for (Fixture fixture : fixtures) {
      if (fixture.content == null) {
        files.putDirectory(fixture.path);
      } else {
        files.put(fixture.path, fixture.content.getBytes(StandardCharsets.UTF_8));
      }
    }
    return files;
  }

  private Reactor open(SimulationRun run) {
    try {
      if (directDescriptors > 0) {
        run.backend().openDirectTable(directDescriptors);
      }
      MethodHandles.lookup().ensureInitialized(Reactor.class);
    } catch (IllegalAccessException | ReactorUnavailableException e) {
      throw new AssertionError("the class is public, and the kernel has direct descriptors", e);
    }
    ReactorOptions options =
        ReactorOptions.defaults()
            .withCpu(ReactorOptions.UNPINNED)
            .withFiberKind(FiberKind.SCHEDULED)
            .withoutStallHandler()
            .withUncaughtExceptionHandler((fiber, failure) -> run.fail(failure));
    Reactor reactor = (Reactor) Opener.Registry.opener().open(options, run.backend(), run);
    if (reactor.fiberKind() != FiberKind.SCHEDULED) {
      reactor.close();
      throw new IllegalStateException(
          "a simulation must schedule its fibers itself: run the JVM with"
              + " --add-opens=java.base/java.lang=ALL-UNNAMED");
    }
    return reactor;
  }

  private SimulationFailure failure(SimulationRun run) {
    List<Throwable> failures = run.failures();
    Throwable first = failures.getFirst();
    String message =
        "seed "
            + firstSeed
            + ": "
            + first
            + "\nreplay it with -D"
            + SEED_PROPERTY
            + "="
            + firstSeed
            + " and "
            + faults
            + "; the last events were\n  "
            + String.join("\n  ", run.trace().lastEvents(EVENTS_SHOWN));
    SimulationFailure failure =
        new SimulationFailure(message, first, firstSeed, new Trace(run.trace()));
    failures.stream().skip(1).forEach(failure::addSuppressed);
    return failure;
  }

  // ---- for the program inside

  /**
   * The program's own source of chance: what it draws depends on the seed alone.
   *
   * @return a generator for the fibers of this run
   */
  public static RandomGenerator random() {
    return SimulationRun.require("random").random();
  }

  /**
   * Has {@code check} called after each turn of the reactor from now on, outside any fiber.
   *
   * @param check throws if something is wrong, which fails the run; it must not suspend
   */
  public static void afterEachTurn(Runnable check) {
    SimulationRun.require("afterEachTurn").check(check);
  }

  /**
   * Raises a signal, which all open {@link dev.weft.os.Signals} for it receive. A simulation gets
   * no others.
   *
   * @param signal which
   */
  public static void raise(Signal signal) {
    SimulationRun.require("raise").raise(signal.name());
  }

  @Override
  public String toString() {
    return "simulation of " + count + " seeds from " + firstSeed + " with " + faults;
  }
}

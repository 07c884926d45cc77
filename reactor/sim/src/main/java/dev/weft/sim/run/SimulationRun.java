// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.run;

import dev.weft.internal.backend.Op;
import dev.weft.internal.diag.LoopInvariants;
import dev.weft.internal.os.SignalDispatch;
import dev.weft.internal.os.SignalSource;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.LoopEnvironment;
import dev.weft.internal.strand.LoopListener;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.StrandTraces;
import dev.weft.internal.strand.ThreadEnd;
import dev.weft.sim.Faults;
import dev.weft.sim.env.SeededRandom;
import dev.weft.sim.env.VirtualClock;
import dev.weft.sim.kernel.FileTree;
import dev.weft.sim.kernel.Request;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * One run: its time, its randomness, the environment of its reactor, and the checks after each
 * turn. A failed check is recorded and ends the run, so that the fibers' own finally blocks run.
 */
public final class SimulationRun extends LoopEnvironment
    implements SimBackend.Observer, LoopListener {
  /** Thrown when the fibers of a failed run do not end. */
  public static final class Abandoned extends Error {
    private static final long serialVersionUID = 1L;

    Abandoned(String message) {
      super(message);
    }
  }

  /** How many turns a failed run has to clean up. */
  private static final int LAST_TURNS_MAX = 10_000;

  private final VirtualClock clock = new VirtualClock();
  private final SeededRandom order;
  private final SeededRandom random;
  private final Faults faults;
  private final long turnsMax;
  private final SimBackend backend;
  private final TraceLog trace = new TraceLog();
  private final List<Runnable> checks = new ArrayList<>();
  private final Map<String, List<SignalDispatch.Listener>> signalListeners = new HashMap<>();
  private @Nullable EventLoop loop;

  /** Guarded by its own monitor: other threads add to it. */
  private final List<Throwable> failures = new ArrayList<>();

  private volatile boolean failed;
  private boolean ending;
  private boolean givenUp;
  private long lastTurn;

  /** The thread of the blocking call that the loop waits for, or null. */
  private volatile @Nullable Thread helper;

  public SimulationRun(
      SeededRandom chance, Faults faults, FileTree files, int entries, long turnsMax) {
    this.faults = faults;
    this.turnsMax = turnsMax;
    order = chance.fork();
    random = chance.fork();
    backend = new SimBackend(clock, chance.fork(), faults, files, entries, this);
  }

  /** Returns the run of the calling fiber. */
  public static SimulationRun require(String verb) {
    if (EventLoop.require(verb).clock() instanceof SimulationRun run) {
      return run;
    }
    throw new IllegalStateException(verb + " must be called in a simulation");
  }

  public void begin(EventLoop loop) {
    this.loop = loop;
    loop.observe(this);
  }

  /** Reports what the program has leaked; its reactor has been closed. */
  public void auditEnd(EventLoop closed) {
    backend.kernel().leaks().forEach(this::broken);
    if (failed) {
      return; // a descriptor that was left open says where it was made, its operations do not
    }
    String wrong = LoopInvariants.ofClosed(closed);
    if (wrong != null) {
      broken(wrong);
    }
    for (Op op : backend.operations()) {
      broken(op + " was not released");
    }
  }

  public SimBackend backend() {
    return backend;
  }

  public TraceLog trace() {
    return trace;
  }

  /** Returns the program's source of randomness. */
  public SeededRandom random() {
    return random;
  }

  public void check(Runnable check) {
    checks.add(check);
  }

  // ---- what is wrong

  public void fail(Throwable failure) {
    synchronized (failures) {
      failures.add(failure);
    }
    failed = true;
  }

  @Override
  public void broken(String rule) {
    fail(new AssertionError(rule));
  }

  /** Returns the failures, the oldest first. */
  public List<Throwable> failures() {
    synchronized (failures) {
      return List.copyOf(failures);
    }
  }

  @Override
  public void stuck() {
    EventLoop stuck = loop;
    if (stuck == null || givenUp) {
      throw new Abandoned("fibers that were cancelled do not end");
    }
    StringBuilder text = new StringBuilder("nothing can happen any more, and fibers wait:");
    stuck.forEachLive(strand -> StrandTraces.describe(strand, text));
    broken(text.toString());
    givenUp = true;
    stuck.forceCancel();
  }

  // ---- the loop's questions

  @Override
  public long nanoTime() {
    return clock.now();
  }

  @Override
  public int choose(int bound) {
    return bound == 1 ? 0 : order.below(bound);
  }

  @Override
  public void suspended(Strand strand) {
    stopped(strand);
  }

  @Override
  public void ended(Strand strand) {
    stopped(strand);
  }

  private void stopped(Strand strand) {
    String fiber = strand.body().toString();
    Strand.State state = strand.state();
    trace.add(clock.now(), fiber, state.name());
    if (state == Strand.State.BLOCKED
        && strand.thread().getState() == Thread.State.TIMED_WAITING
        && !failed) {
      StringBuilder text = new StringBuilder(fiber);
      text.append(" waits by the real clock, which no seed can repeat (use Fiber.sleep, or a");
      text.append(" call with a Deadline):");
      StrandTraces.frames(strand).forEach(at -> text.append("\n    at ").append(at));
      broken(text.toString());
    }
  }

  @Override
  public void completed(Request request, int result, boolean more) {
    trace.add(clock.now(), "operation " + request.opcode, more ? "delivers" : "ends with", result);
  }

  @Override
  public void turned(EventLoop loop) {
    trace.turned();
    if (!failed) {
      audit(loop);
    }
    if (failed && !ending) {
      ending = true;
      lastTurn = trace.turns() + LAST_TURNS_MAX;
      loop.cancelAll();
    } else if (ending && trace.turns() > lastTurn) {
      throw new Abandoned(
          "fibers that were cancelled still run after " + LAST_TURNS_MAX + " turns");
    }
  }

  private void audit(EventLoop loop) {
    String wrong = LoopInvariants.of(loop);
    if (wrong == null) {
      wrong = backend.audit();
    }
    if (wrong != null) {
      broken(wrong);
    }
    if (trace.turns() >= turnsMax) {
      StringBuilder text = new StringBuilder("it has not ended after " + turnsMax + " turns:");
      loop.forEachLive(strand -> StrandTraces.describe(strand, text));
      broken(text.toString());
    }
    try {
      checks.forEach(Runnable::run);
    } catch (RuntimeException | AssertionError e) {
      fail(e);
    }
  }

  // ---- other threads

  @Override
  public void messageFrom(Thread thread, Object what) {
    if (thread == helper) {
      return;
    }
    String call = what instanceof Strand strand ? "has woken " + strand.body() : "has called in";
    broken(
        thread
            + " "
            + call
            + " from outside of the simulation, which no seed can repeat (use Blocking.call)");
  }

  @Override
  public Executor blocking() {
    return this::runBeside;
  }

  /** Runs the call some virtual time later on a thread of its own, while the loop stands still. */
  private void runBeside(Runnable call) {
    long delay = order.delay(faults.delayMax().toNanos());
    clock.at(
        clock.now() + delay,
        () -> {
          Thread thread = Thread.ofPlatform().daemon().name("weft-sim-blocking").unstarted(call);
          helper = thread;
          thread.start();
          ThreadEnd.await(thread);
          helper = null;
        });
  }

  // ---- signals

  @Override
  public SignalSource signals() {
    return new SignalSource() {
      @Override
      public void add(String name, SignalDispatch.Listener listener) {
        signalListeners.computeIfAbsent(name, each -> new ArrayList<>()).add(listener);
      }

      @Override
      public void remove(String name, SignalDispatch.Listener listener) {
        signalListeners.getOrDefault(name, new ArrayList<>()).remove(listener);
      }
    };
  }

  public void raise(String name) {
    List.copyOf(signalListeners.getOrDefault(name, List.of()))
        .forEach(listener -> listener.raised(name));
  }

  /** Whether the bookkeeping shows nothing in flight. */
  public boolean isQuiet() {
    return backend.inFlight() == 0;
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.error.CancelledException;
import dev.weft.internal.mem.PagePool;
import dev.weft.internal.micro.io.BackendIoDriver;
import dev.weft.internal.micro.io.RingMemory;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.StrandHost;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import dev.weft.routine.codegen.Context;
import java.util.ArrayDeque;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Dispatcher of a reactor's micro-processes. One fiber runs all of them: it dispatches the runnable
 * processes, then suspends. The operations that they have started are submitted in the one system
 * call of the reactor's turn. It exists as long as there are processes.
 */
public final class MicroDispatcher implements StrandHost {
  /** How often in a row it may itself fail before it ends all processes. */
  private static final int FAILURES_MAX = 3;

  private final EventLoop loop;
  private final PagePool pool;
  private final RingMemory memory;
  private final BackendIoDriver driver;

  private final Context context = new Context(this::refused);

  /** All processes that have not ended, each at its {@link ProcessControl#index}. */
  private final ArrayList<ProcessControl> processes = new ArrayList<>();

  // The runnable processes, an intrusive list: queueing one allocates nothing.
  private @Nullable ProcessControl firstReady;
  private @Nullable ProcessControl lastReady;

  private final WaitList idle = new WaitList();

  private final PairWaits pairs = new PairWaits();

  /** Hosted strands of threads that have yielded to all fibers. */
  private final ArrayDeque<MicroThreadStrand> yielded = new ArrayDeque<>();

  private @Nullable Strand strand;

  /** How often it has failed since its last complete turn. */
  private int failures;

  /** Whether new processes are killed when they start. */
  private boolean closing;

  /** The process that is being dispatched. */
  private @Nullable ProcessControl running;

  private MicroDispatcher(EventLoop loop, long poolBytes, boolean hugePages) {
    this.loop = loop;
    pool = PagePool.open(poolBytes, hugePages);
    try {
      memory = new RingMemory(pool);
      driver = new BackendIoDriver(loop, memory);
    } catch (Throwable e) {
      pool.close();
      throw e;
    }
  }

  /**
   * The dispatcher of the calling reactor; started if there is none.
   *
   * @param poolBytes the size of the page pool, if it is started
   * @param hugePages whether that uses huge pages
   */
  public static MicroDispatcher of(long poolBytes, boolean hugePages) {
    EventLoop loop = EventLoop.require("start");
    MicroDispatcher dispatcher = loop.extensions.get(MicroDispatcher.class);
    return dispatcher == null ? start(new MicroDispatcher(loop, poolBytes, hugePages)) : dispatcher;
  }

  private static MicroDispatcher start(MicroDispatcher dispatcher) {
    boolean started = false;
    try {
      dispatcher.loop.extensions.put(MicroDispatcher.class, dispatcher);
      Fiber.start("micro-processes", dispatcher::run);
      started = true;
      return dispatcher;
    } finally {
      if (!started) {
        dispatcher.close();
      }
    }
  }

  /** Releases everything, after the last process has ended. */
  private void close() {
    loop.extensions.remove(MicroDispatcher.class);
    driver.close();
    pool.close();
  }

  public EventLoop loop() {
    return loop;
  }

  public BackendIoDriver driver() {
    return driver;
  }

  // ---- processes

  /** The pool of the reactor's heaps. */
  public PagePool pool() {
    return pool;
  }

  /** Creates a process, which {@link #add} starts. */
  public ProcessControl newProcess(ProcessHeap heap, ProcessSettings settings) {
    return new ProcessControl(heap, driver, this, memory, settings);
  }

  /** Adds a process, as the last step of its start: if it fails, the process is in no list. */
  public void add(ProcessControl process) {
    processes.add(process);
    process.index = processes.size() - 1;
    try {
      ready(process);
    } catch (Throwable e) {
      remove(process);
      throw e;
    }
    if (closing) {
      process.kill();
    }
  }

  private void remove(ProcessControl process) {
    int index = process.index;
    if (index >= 0) {
      process.index = -1;
      ProcessControl last = processes.removeLast();
      if (last != process) {
        processes.set(index, last);
        last.index = index;
      }
    }
  }

  /** Queues {@code process} for the next turn. */
  void ready(ProcessControl process) {
    if (!process.isReady) {
      process.isReady = true;
      ProcessControl before = lastReady;
      if (before == null) {
        firstReady = process;
      } else {
        before.nextReady = process;
      }
      lastReady = process;
    }
    idle.wakeOne(); // each time, because it may have failed the last time
  }

  private @Nullable ProcessControl takeReady() {
    ProcessControl process = firstReady;
    if (process != null) {
      ProcessControl next = process.nextReady;
      firstReady = next;
      if (next == null) {
        lastReady = null;
      }
      process.nextReady = null;
      process.isReady = false;
    }
    return process;
  }

  private boolean isIdle() {
    return firstReady == null && yielded.isEmpty();
  }

  private void run() {
    Strand mine = Strand.require("run");
    strand = mine;
    mine.host(this);
    try {
      while (!processes.isEmpty()) {
        serveUntilFailure(mine);
      }
    } catch (Throwable e) {
      new CrashCleanup(this).clear(mine, e);
      throw e;
    } finally {
      mine.host(null);
      close();
    }
  }

  /** Runs processes until none is left, or until a failure that need not end all of them. */
  private void serveUntilFailure(Strand mine) {
    try {
      serve(mine);
    } catch (CancelledException e) {
      throw e;
    } catch (Throwable e) {
      if (++failures > FAILURES_MAX) {
        throw e;
      }
      ProcessControl process = running;
      running = null;
      if (process != null) {
        ready(process); // its turn was not completed
      }
      report(e);
    }
  }

  /** Reports a failure after which the processes continue, unless memory is short for that too. */
  private void report(Throwable failure) {
    try {
      ThreadLog.about(
          "proc_local", "the dispatcher has failed, and goes on: " + ThreadLog.describe(failure));
      throwInFiber("micro-processes", failure);
    } catch (OutOfMemoryError | StackOverflowError e) {
      // Ending all processes would be worse than a failure that is not reported.
    }
  }

  private void serve(Strand mine) {
    while (!processes.isEmpty()) {
      turn();
      failures = 0;
      if (!isIdle()) {
        mine.yieldNow();
      } else if (!processes.isEmpty()) {
        WaitMode wait = waitOnlyInside() ? WaitMode.INTERNAL : WaitMode.EXTERNAL;
        mine.await(idle, "run", this, Deadline.NEVER.nanoTime(), wait);
      }
    }
  }

  /**
   * Whether all processes wait only for fiber calls of their threads and for each other. The wait
   * is then internal, so that the reactor can detect a deadlock between these threads and fibers.
   */
  private boolean waitOnlyInside() {
    for (int i = 0; i < processes.size(); i++) {
      if (!processes.get(i).waitsInside()) {
        return false;
      }
    }
    return true;
  }

  /** Dispatches each runnable process once. */
  private void turn() {
    admitYielded();
    ProcessControl last = lastReady;
    for (ProcessControl process; last != null && (process = takeReady()) != null; ) {
      running = process;
      if (process.turn(context)) {
        remove(process);
      } else if (process.isRunnable()) {
        ready(process);
      }
      running = null;
      if (process == last) {
        break;
      }
    }
  }

  private void admitYielded() {
    for (int n = yielded.size(); n > 0; n--) {
      yielded.getFirst().yielded();
      yielded.removeFirst(); // last, so that a failure is retried
    }
  }

  PairWaits pairs() {
    return pairs;
  }

  WaitList idle() {
    return idle;
  }

  /** Kills all processes, and those that start later. */
  void killAll() {
    closing = true;
    for (int i = 0; i < processes.size(); i++) {
      processes.get(i).kill();
    }
  }

  /** Aborts all processes: none of their code runs any more. */
  void abortAll(Throwable cause) {
    for (int i = 0; i < processes.size(); i++) {
      processes.get(i).abort(cause);
    }
  }

  /** Runs until all processes, which have been killed, have ended. */
  void runOut(Strand mine) {
    while (!processes.isEmpty()) {
      turn();
      if (isIdle() && !processes.isEmpty()) {
        WaitMode wait = waitOnlyInside() ? WaitMode.CLOSING : WaitMode.SHIELDED;
        mine.await(idle, "end", this, Deadline.NEVER.nanoTime(), wait);
      }
    }
  }

  /** Runs one turn without waiting. */
  void dispatchOnce() {
    turn();
  }

  /** Whether all are to end, and what starts as well. */
  public boolean isClosing() {
    return closing;
  }

  boolean hasProcesses() {
    return !processes.isEmpty();
  }

  /** Throws {@code failure} in a fiber of its own, so that the reactor's handler receives it. */
  void throwInFiber(String name, Throwable failure) {
    if (strand().isCancelled()) {
      return; // no fiber can be started while the reactor closes; it has been logged
    }
    Fiber.start(
        name,
        () -> {
          if (failure instanceof Error error) {
            throw error;
          }
          throw failure instanceof Exception e ? e : new IllegalStateException(failure);
        });
  }

  // ---- fiber calls of threads

  /** The strand of the fiber that runs the processes. */
  Strand strand() {
    Strand mine = strand;
    if (mine == null) {
      throw new IllegalStateException("no process has been dispatched yet");
    }
    return mine;
  }

  Context context() {
    return context;
  }

  private void refused(Context used, Throwable why) {
    ProcessControl process = running;
    if (process == null) {
      used.failure = why;
    } else {
      process.threads.refused(used, why);
    }
  }

  /** The running micro-thread, or null. May be called from any thread; the result can be stale. */
  @Nullable ThreadControl running() {
    ProcessControl process = running;
    return process == null ? null : process.threads.running();
  }

  @Override
  public @Nullable MicroThreadStrand hostedStrand() {
    ThreadControl thread = running();
    return thread == null ? null : MicroThreadStrand.require(thread, this);
  }

  @Override
  public @Nullable String runningName() {
    ThreadControl thread = running();
    return thread == null ? null : thread.label();
  }

  /** Resumes {@code strand} after all other runnable fibers have run. */
  void yielded(MicroThreadStrand strand) {
    yielded.add(strand);
  }

  @Override
  public String toString() {
    return processes.size() + " micro-processes";
  }
}

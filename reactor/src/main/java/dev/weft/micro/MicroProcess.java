// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.Deadline;
import dev.weft.internal.micro.io.IoDriver;
import dev.weft.internal.micro.io.RingMemory;
import dev.weft.internal.micro.io.RingSet;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import dev.weft.routine.codegen.Context;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Group of micro-threads that share one run queue and one heap. A dispatch runs them until none can
 * run; then their output is submitted to the kernel, and so are the operations that they wait for.
 *
 * <p>A process ends when all its threads have ended. It also ends when the remaining threads could
 * only be woken by each other: they are reported on standard error, and run their {@code lastly}
 * with EINTR. Its heap is released in one step, and its connections are closed.
 */
public final class MicroProcess {
  private static int lastId;

  final MicroHeap heap;
  final IoDriver driver;

  /** What dispatches it; null in the local executor. */
  final @Nullable MicroDispatcher dispatcher;

  final ProcessScheduler threads = new ProcessScheduler(this);
  final RingSet rings;
  final RingWaits waits = new RingWaits(this);
  final ProcessTimers alarms = new ProcessTimers(this);
  final MicroFaults faults = new MicroFaults();
  private final MicroFailures failures = new MicroFailures();
  private final int id;
  private final MicroOptions options;

  private boolean ending;
  private boolean killed;

  /** Whether none of its threads runs any more and only operations in flight are awaited. */
  private boolean broken;

  /** How many of its threads are in a fiber call. */
  int guestsWaiting;

  // ---- its place in the dispatcher

  /** Whether it is in the queue of runnable processes. */
  boolean isReady;

  @Nullable MicroProcess nextReady;

  /** Its index in the list of all processes; -1 if it is not in the list. */
  int index = -1;

  private final WaitList joiners = new WaitList();

  /** Called when the process has ended. */
  Consumer<MicroProcess> onEnd = MicroProcess::nothing;

  private boolean endIsReported;

  MicroProcess(
      MicroHeap heap,
      IoDriver driver,
      @Nullable MicroDispatcher dispatcher,
      RingMemory memory,
      MicroOptions options) {
    this.heap = heap;
    this.driver = driver;
    this.dispatcher = dispatcher;
    this.options = options;
    rings = new RingSet(waits, driver, memory, heap.budget());
    id = ++lastId;
  }

  // ---- facts

  /**
   * {@return the process's number in logs; unique in this JVM, except for processes that start at
   * the same moment on different threads}
   */
  public int id() {
    return id;
  }

  /** {@return the heap that its threads share} */
  public MicroHeap heap() {
    return heap;
  }

  /** {@return whether all of its threads have ended and its heap has been released} */
  public boolean isEnded() {
    return !heap.isOpen();
  }

  boolean isRunnable() {
    return !broken && (threads.isRunning() || !threads.isIdle() || threads.hasYielded());
  }

  boolean isBlocked() {
    return guestsWaiting > 0 || isBlockedOutside();
  }

  private boolean isBlockedOutside() {
    return alarms.areSet() || rings.areAwaited();
  }

  /** Whether it waits only for fiber calls of its threads. */
  boolean isBlockedByGuests() {
    return guestsWaiting > 0 && !isBlockedOutside();
  }

  MicroOptions options() {
    return options;
  }

  boolean isStackful() {
    return options.stackful();
  }

  boolean isEnding() {
    return ending;
  }

  // ---- executors

  /**
   * Runs a process to its end on the calling thread, without a reactor or polling (the local
   * executor). The default socket's descriptors are the standard streams, with blocking calls. A
   * thread that yields is not run again, because there is no other process to yield to.
   *
   * @param main the process's first thread
   * @param pages the size of its heap, in pages of 4096 bytes
   */
  public static void runLocal(MicroThread main, int pages) {
    runLocal(main, MicroOptions.ofPages(pages));
  }

  /**
   * As {@link #runLocal(MicroThread, int)}, with other options.
   *
   * @param main the process's first thread
   * @param options the process's options
   */
  public static void runLocal(MicroThread main, MicroOptions options) {
    MicroLaunch.local(main, options);
  }

  /**
   * Starts a process on the current reactor, beside its other processes and fibers. The default
   * socket's descriptors are the standard streams.
   *
   * @param main the process's first thread
   * @param pages the size of its heap, in pages of 4096 bytes
   * @return the started process
   * @throws WrongThreadException if there is no reactor on this thread
   */
  public static MicroProcess start(MicroThread main, int pages) {
    return start(main, MicroOptions.ofPages(pages));
  }

  /**
   * As {@link #start(MicroThread, int)}, with other options.
   *
   * @param main the process's first thread
   * @param options the process's options
   * @return the started process
   * @throws WrongThreadException if there is no reactor on this thread
   */
  public static MicroProcess start(MicroThread main, MicroOptions options) {
    return MicroLaunch.start(main, options);
  }

  /**
   * Starts a process whose default socket is the connection {@code peer}.
   *
   * @param main the process's first thread
   * @param options the process's options; its descriptors are not used
   * @param peer a connection returned by {@code accept}; closed when the process ends, or if it
   *     can't start
   * @return the started process
   * @throws WrongThreadException if there is no reactor on this thread
   */
  public static MicroProcess start(MicroThread main, MicroOptions options, MicroConnection peer) {
    return MicroLaunch.connection(main, options, peer, MicroProcess::nothing);
  }

  /**
   * Waits until the process has ended. Suspends the calling fiber, or the calling thread of another
   * process.
   */
  public void join() {
    join(Deadline.NEVER);
  }

  /**
   * Waits until the process has ended or {@code deadline} passes. Suspends the calling fiber, or
   * the calling thread of another process.
   *
   * @param deadline when to stop waiting
   * @throws dev.weft.error.DeadlineExceededException if the process has not ended by then; it
   *     continues to run
   */
  public void join(Deadline deadline) {
    Strand strand = requireJoiner(this);
    strand.checkBeforeWait("join", this, deadline.nanoTime(), WaitMode.INTERNAL);
    while (!isEnded()) {
      strand.await(joiners, "join", this, deadline.nanoTime(), WaitMode.INTERNAL);
    }
  }

  /**
   * Returns the calling fiber's strand, which is about to wait for the end of {@code subject}: this
   * process or its service.
   */
  Strand requireJoiner(Object subject) {
    return dispatcher == null
        ? Strand.require("join")
        : Strand.requireOf(dispatcher.loop(), "join", subject);
  }

  /**
   * Terminates the process: its threads run their {@code lastly} with EINTR, operations in flight
   * are cancelled, and its connections are closed. Must be called on its reactor's thread, but not
   * by one of its own threads.
   */
  public void kill() {
    if (dispatcher == null) {
      EventLoop.require("kill");
    } else {
      dispatcher.loop().requireThread("kill", this);
    }
    if (!isEnded()) {
      killed = true;
      rings.kill();
      ready();
    }
  }

  /** Schedules the next dispatch. The local executor needs none: it never sleeps. */
  void ready() {
    if (dispatcher != null) {
      dispatcher.ready(this);
    }
  }

  static void nothing(MicroProcess ended) {}

  boolean isKilled() {
    return killed;
  }

  /**
   * Runs the runnable threads; returns whether the process has ended. Throws nothing: a failure in
   * the runtime's own code ends this process, and no other.
   */
  boolean turn(Context context) {
    try {
      return (isEnded() || broken) ? finish(context) : step(context);
    } catch (Throwable e) {
      MicroFailures.clear(context);
      failed(e);
      return false;
    }
  }

  private boolean step(Context context) {
    failures.report(this);
    if (killed && !ending && threads.live() > 0) {
      terminate(context);
    }
    dispatch(context, options.budget());
    pump();
    if (!ending && (isRunnable() || (isBlocked() && !killed))) {
      return false;
    }
    if (threads.live() > 0) {
      if (ending) {
        forceTerminate(context);
      } else {
        terminate(context);
      }
      pump();
    }
    if (threads.live() == 0 && rings.closeAll()) {
      pump();
    }
    return finish(context);
  }

  /**
   * Releases memory and descriptors once nothing is in flight, and notifies the joiners;
   * idempotent.
   */
  private boolean finish(Context context) {
    failures.report(this);
    if (!isEnded()) {
      if (broken ? !cancelOperations() : threads.live() > 0 || !rings.areClosed()) {
        return false;
      }
      if (broken) {
        threads.forEachLive(MicroThread::discardCalls);
        MicroFailures.clear(context);
        rings.discard();
      }
      rings.release();
      heap.close();
    }
    joiners.wakeAll();
    if (!endIsReported) {
      onEnd.accept(this);
      endIsReported = true;
    }
    return true;
  }

  // ---- failures in the runtime's own code

  /**
   * Handles a failure in the runtime's own code, for example because memory was short. Its threads
   * are terminated as by {@link #kill}; if that fails too, none of them runs any more. Allocates
   * nothing.
   */
  void failed(Throwable e) {
    threads.resetRunning();
    heap.active = false;
    killed = true;
    rings.kill();
    if (failures.add(e)) {
      broken = true;
      ending = true;
    }
    ready();
  }

  /** Stops running its threads for good, because of {@code cause}. */
  void abort(Throwable cause) {
    failures.exhaust();
    failed(cause);
  }

  /** Cancels the operations in flight; returns whether none is left. */
  private boolean cancelOperations() {
    rings.cancel();
    threads.forEachLive(MicroThread::endCalls);
    return !rings.areInFlight() && !threads.areInCalls();
  }

  boolean isBroken() {
    return broken;
  }

  /** Runs the process to its end, for the local executor. */
  void runToEnd() {
    Context context = new Context(threads::refused);
    try {
      do {
        dispatch(context, Integer.MAX_VALUE);
        pump();
      } while (!threads.isIdle());
      if (threads.live() > 0) {
        terminate(context);
      }
      pump();
    } catch (Throwable e) {
      MicroFailures.clear(context);
      failed(e);
      terminate(context);
      throw e;
    } finally {
      rings.release();
    }
  }

  // ---- dispatch

  /** Runs threads until none can run, or {@code budget} resumes are spent. */
  void dispatch(Context context, int budget) {
    heap.active = true;
    try {
      int left = threads.run(context, budget);
      while (left > 0 && threads.hasYielded() && dispatcher != null) {
        threads.admitYielded();
        left = threads.run(context, left);
      }
    } finally {
      heap.active = false;
    }
  }

  /** Removes a thread from the wait lists of rings and timers. */
  void forgetWaits(MicroThread thread) {
    waits.forget(thread);
    alarms.forgetWait(thread);
  }

  void requireNotEnding(MicroThread thread) {
    if (ending) {
      throw new ThreadExit(thread.label() + " waits while its process ends");
    }
  }

  // ---- the ends of threads

  void ended(MicroThread thread) {
    waits.forget(thread);
    MicroSocket socket = thread.socket;
    if (socket != null) {
      waits.detach(thread, socket.rx, socket.tx);
    }
    OutgoingConnections connector = thread.connector;
    if (connector != null) {
      connector.close();
    }
    alarms.forget(thread);
    if (thread.blocks > 0) {
      thread.blocks = 0;
      if (!heap.freeAll(thread)) {
        report(thread.label() + " has ended while a block of it is in use, which stays");
      }
    }
    thread.abandonRequests();
  }

  /** Submits pending transfers, and releases memory that an idle process does not need. */
  private void pump() {
    rings.pump();
    heap.releaseIfIdle();
  }

  private void terminate(Context context) {
    if (!killed) { // a requested end is not reported
      report("threads that nobody can wake: " + threads.describeLive());
    }
    ending = true;
    threads.ends.terminate();
    dispatch(context, options.budget());
    forceTerminate(context);
  }

  /**
   * Ends the threads that wait although they were asked to end. Threads that wait for the end of an
   * operation, or of children, end later.
   */
  private void forceTerminate(Context context) {
    for (int round = 0; round < 2; round++) {
      heap.active = true;
      threads.ends.forceTerminate(context);
      heap.active = false;
      if (round == 0) {
        dispatch(context, options.budget());
      }
    }
  }

  // ---- faults

  /**
   * Makes {@code thread} the supervisor: faults of all other threads are raised in it, as EFAULT.
   * The thread that failed stays as it was at its last suspension; played, it tries again from
   * there. After more than ten faults within a second the thread that failed last is ended.
   *
   * @param thread a thread of this process
   */
  public void supervise(MicroThread thread) {
    supervise(thread, MicroFaults.COUNT_MAX, MicroFaults.WITHIN);
  }

  /**
   * As {@link #supervise(MicroThread)}, with another limit.
   *
   * @param thread a thread of this process
   * @param faultsMax how many faults of the process are tolerated, at least 0
   * @param within the period in which they are counted
   */
  public void supervise(MicroThread thread, int faultsMax, Duration within) {
    if (thread.process != this) {
      throw new IllegalArgumentException(thread.label() + " is not a thread of this process");
    }
    if (faultsMax < 0 || within.isNegative()) {
      throw new IllegalArgumentException(
          "faultsMax and within must not be negative: " + faultsMax + ", " + within);
    }
    faults.supervisor(thread);
    faults.limit(faultsMax, within);
  }

  void report(String message) {
    ThreadLog.about("proc_local: <id=\"" + id + "\">", message);
  }

  @Override
  public String toString() {
    return "micro-process " + id + ", " + threads.live() + " threads";
  }
}

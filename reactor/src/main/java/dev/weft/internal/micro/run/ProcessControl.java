// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

import dev.weft.Deadline;
import dev.weft.internal.micro.io.ByteRing;
import dev.weft.internal.micro.io.IoDriver;
import dev.weft.internal.micro.io.RingMemory;
import dev.weft.internal.micro.io.RingSet;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import dev.weft.routine.codegen.Context;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * State of a micro-process: its threads, rings, timers and memory, and its end.
 *
 * {@snippet :
 *   running --no thread can run again, or kill--> ending: threads run their lastly with EINTR
 *      |                                             |
 *      | too many failures of the runtime itself     | no thread is left, the connections are closed
 *      v                                             v
 *   broken: only operations in flight are awaited --> ended
 * }
 */
public final class ProcessControl {
  private static final AtomicInteger LAST_ID = new AtomicInteger();

  final ProcessHeap heap;
  final IoDriver driver;

  /** What dispatches it; null in the local executor. */
  final @Nullable MicroDispatcher dispatcher;

  final ProcessScheduler threads = new ProcessScheduler(this);
  final RingSet rings;
  final RingWaits waits = new RingWaits(this);
  final ProcessTimers timers = new ProcessTimers(this);
  final FaultLimit faults = new FaultLimit();
  private final ProcessFailures failures = new ProcessFailures();
  private final int id;
  private final ProcessSettings settings;

  private boolean ending;
  private boolean killed;

  /** Whether none of its threads runs any more and only operations in flight are awaited. */
  private boolean broken;

  /** How many of its threads are in a fiber call. */
  int fiberCalls;

  // ---- its place in the dispatcher

  /** Whether it is in the queue of runnable processes. */
  boolean isReady;

  @Nullable ProcessControl nextReady;

  /** Its index in the list of all processes; -1 if it is not in the list. */
  int index = -1;

  private final WaitList joiners = new WaitList();

  /** The last search of {@link PairWaits} that has reached it. */
  long search;

  /** Called when the process has ended; null if no one asked for that. */
  private @Nullable Runnable onEnd;

  public ProcessControl(
      ProcessHeap heap,
      IoDriver driver,
      @Nullable MicroDispatcher dispatcher,
      RingMemory memory,
      ProcessSettings settings) {
    this.heap = heap;
    this.driver = driver;
    this.dispatcher = dispatcher;
    this.settings = settings;
    rings = new RingSet(waits, driver, memory, heap);
    id = LAST_ID.incrementAndGet();
  }

  // ---- facts

  /** The process's number in logs, unique in this JVM. */
  public int id() {
    return id;
  }

  public RingSet rings() {
    return rings;
  }

  public RingWaits waits() {
    return waits;
  }

  public ProcessScheduler threads() {
    return threads;
  }

  public ProcessTimers timers() {
    return timers;
  }

  public FaultLimit faults() {
    return faults;
  }

  public IoDriver driver() {
    return driver;
  }

  /** What dispatches it; null in the local executor. */
  public @Nullable MicroDispatcher dispatcher() {
    return dispatcher;
  }

  public boolean isEnded() {
    return !heap.isOpen();
  }

  boolean isRunnable() {
    return !broken && (threads.isRunning() || !threads.isIdle() || threads.hasYielded());
  }

  boolean isBlocked() {
    return fiberCalls > 0
        || isBlockedOutside()
        || (dispatcher != null && rings.awaitOthers() && dispatcher.pairs().canBeWoken(this));
  }

  /** Whether it can go on without a thread of another process that waits. */
  boolean canGoOn() {
    return isReady || ending || broken || isRunnable() || fiberCalls > 0 || isBlockedOutside();
  }

  private boolean isBlockedOutside() {
    return timers.areSet() || rings.areAwaited();
  }

  /** Whether it waits only for fiber calls of its threads, or for other processes. */
  boolean waitsInside() {
    return (fiberCalls > 0 || rings.awaitOthers()) && !isBlockedOutside();
  }

  ProcessSettings settings() {
    return settings;
  }

  boolean isStackful() {
    return settings.stackful();
  }

  public boolean isEnding() {
    return ending;
  }

  // ---- the start

  /**
   * Sets what is called when the process has ended. If it throws, it is called again in the next
   * dispatch.
   */
  public void onEnd(Runnable action) {
    onEnd = action;
  }

  /** Starts with {@code main}, which it has adopted. */
  public void begin(ThreadControl main) {
    heap.active(false);
    threads.play(main);
  }

  /** Adds a thread whose default socket has these rings. */
  public void adopt(ThreadControl thread, ByteRing rx, ByteRing tx) {
    boolean adopted = false;
    rings.attach(rx, tx);
    try {
      threads.add(thread);
      thread.socket(rx, tx);
      adopted = true;
    } finally {
      if (!adopted) {
        rings.detach(rx, tx); // which closes them if no other thread uses them
      }
    }
  }

  public boolean has(ThreadControl thread) {
    return thread.process == this;
  }

  // ---- calls from outside

  /** See MicroProcess.join; {@code subject} is named in messages. */
  public void join(Object subject, Deadline deadline) {
    Strand strand = requireJoiner(subject);
    strand.checkBeforeWait("join", subject, deadline.nanoTime(), WaitMode.INTERNAL);
    while (!isEnded()) {
      strand.await(joiners, "join", subject, deadline.nanoTime(), WaitMode.INTERNAL);
    }
  }

  /**
   * Returns the calling fiber's strand, which is about to wait for the end of {@code subject}: this
   * process or its service.
   */
  public Strand requireJoiner(Object subject) {
    return dispatcher == null
        ? Strand.require("join")
        : Strand.requireOf(dispatcher.loop(), "join", subject);
  }

  /** See MicroProcess.kill; {@code subject} is named in messages. */
  public void kill(Object subject) {
    if (dispatcher == null) {
      EventLoop.require("kill");
    } else {
      dispatcher.loop().requireThread("kill", subject);
    }
    kill();
  }

  void kill() {
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

  /**
   * Runs the runnable threads; returns whether the process has ended. Throws nothing: a failure in
   * the runtime's own code ends this process, and no other.
   */
  boolean turn(Context context) {
    try {
      return (isEnded() || broken) ? finish(context) : step(context);
    } catch (Throwable e) {
      ProcessFailures.clear(context);
      failed(e);
      return false;
    }
  }

  private boolean step(Context context) {
    failures.report(this);
    if (killed && !ending && threads.live() > 0) {
      terminate(context);
    }
    dispatch(context, settings.budget());
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
        threads.forEachLive(MicroThreadStrand::discardCalls);
        ProcessFailures.clear(context);
        rings.discard();
      }
      rings.release();
      heap.close();
    }
    joiners.wakeAll();
    Runnable action = onEnd;
    if (action != null) {
      action.run();
      onEnd = null;
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
    heap.active(false);
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
    threads.forEachLive(MicroThreadStrand::endCalls);
    return !rings.areInFlight() && !threads.areInCalls();
  }

  boolean isBroken() {
    return broken;
  }

  /** Runs the process to its end, for the local executor. */
  public void runToEnd() {
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
      ProcessFailures.clear(context);
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
    heap.active(true);
    try {
      int left = threads.run(context, budget);
      while (left > 0 && threads.hasYielded() && dispatcher != null) {
        threads.admitYielded();
        left = threads.run(context, left);
      }
    } finally {
      heap.active(false);
    }
  }

  /** Removes a thread from the wait lists of rings and timers. */
  void forgetWaits(ThreadControl thread) {
    waits.forget(thread);
    timers.forgetWait(thread);
  }

  void requireNotEnding(ThreadControl thread) {
    if (ending) {
      throw new ThreadExit(thread.label() + " waits while its process ends");
    }
  }

  // ---- the ends of threads

  void ended(ThreadControl thread) {
    waits.forget(thread);
    waits.closeSockets(thread);
    timers.forget(thread);
    if (thread.blocks > 0) {
      thread.blocks = 0;
      if (!heap.freeAll(thread.body)) {
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
      report("deadlocked threads: " + threads.describeLive());
    }
    ending = true;
    threads.ends.terminate();
    dispatch(context, settings.budget());
    forceTerminate(context);
  }

  /**
   * Ends the threads that wait although they were asked to end. Threads that wait for the end of an
   * operation, or of children, end later.
   */
  private void forceTerminate(Context context) {
    for (int round = 0; round < 2; round++) {
      heap.active(true);
      threads.ends.forceTerminate(context);
      heap.active(false);
      if (round == 0) {
        dispatch(context, settings.budget());
      }
    }
  }

  public void report(String message) {
    ThreadLog.about("proc_local: <id=\"" + id + "\">", message);
  }

  @Override
  public String toString() {
    return "micro-process " + id + ", " + threads.live() + " threads";
  }
}

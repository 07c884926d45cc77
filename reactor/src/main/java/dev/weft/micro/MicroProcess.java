// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.Deadline;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import dev.weft.routine.codegen.Context;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Micro-threads that share one run queue and one heap. A dispatch runs them until none can run;
 * what they have written goes out then, and what they wait for is asked for.
 *
 * <p>It ends when its threads have, or when those that are left could only be woken by each other:
 * they are reported on standard error, and run their {@code lastly} with EINTR. Its heap goes back
 * in one step, and its connections are closed.
 */
public final class MicroProcess {
  private static int lastId;

  final MicroHeap heap;
  final IoDriver driver;
  final ProcessScheduler threads = new ProcessScheduler(this);
  final RingSet rings;
  final ProcessTimers alarms = new ProcessTimers(this);
  final MicroFaults faults = new MicroFaults();
  private final MicroFailures failures = new MicroFailures();
  private final int id;
  private final MicroOptions options;

  private boolean ending;
  private boolean killed;

  /** Whether nothing of it runs any more: what is in flight is waited for, and that is all. */
  private boolean broken;

  /** How many of its threads are in a call of fibers. */
  int guestsWaiting;

  // ---- its place in the kernel

  /** Whether it is in the queue of those that can run. */
  boolean isReady;

  @Nullable MicroProcess nextReady;

  /** Its number in the list of all; -1 if it is not in it. */
  int index = -1;

  private final WaitList joiners = new WaitList();

  /** Is told of its end. */
  Consumer<MicroProcess> onEnd = MicroProcess::nothing;

  private boolean endIsTold;

  MicroProcess(MicroHeap heap, IoDriver driver, MicroOptions options) {
    this.heap = heap;
    this.driver = driver;
    this.options = options;
    rings = new RingSet(this);
    id = ++lastId;
  }

  // ---- facts

  /**
   * Its number, as logs have it.
   *
   * @return unique in this JVM, but for processes that start at one moment on different threads
   */
  public int id() {
    return id;
  }

  /**
   * Its memory.
   *
   * @return the heap that its threads share
   */
  public MicroHeap heap() {
    return heap;
  }

  /**
   * Whether it is over.
   *
   * @return true once all of its threads have ended and its heap has been given back
   */
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

  /** Whether all that it waits for is what some of its threads wait for as fibers do. */
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
   * Runs a process to its end on the calling thread, with nothing else: no reactor, no polling. The
   * default socket's descriptors are those of the standard streams, and block. A thread that yields
   * is not run again: there is nobody to yield to but the caller.
   *
   * @param main its first thread
   * @param pages of how many pages its heap is
   */
  public static void runLocal(MicroThread main, int pages) {
    runLocal(main, MicroOptions.ofPages(pages));
  }

  /**
   * As {@link #runLocal(MicroThread, int)}, with other options.
   *
   * @param main its first thread
   * @param options how to set it up
   */
  public static void runLocal(MicroThread main, MicroOptions options) {
    MicroLaunch.local(main, options);
  }

  /**
   * Starts a process on the current reactor, beside its other processes and fibers. The default
   * socket's descriptors are those of the standard streams.
   *
   * @param main its first thread
   * @param pages of how many pages its heap is
   * @return the process
   * @throws WrongThreadException if there is no reactor on this thread
   */
  public static MicroProcess start(MicroThread main, int pages) {
    return start(main, MicroOptions.ofPages(pages));
  }

  /**
   * As {@link #start(MicroThread, int)}, with other options.
   *
   * @param main its first thread
   * @param options how to set it up
   * @return the process
   * @throws WrongThreadException if there is no reactor on this thread
   */
  public static MicroProcess start(MicroThread main, MicroOptions options) {
    return MicroLaunch.start(main, options);
  }

  /**
   * Starts a process that talks to {@code peer}.
   *
   * @param main its first thread
   * @param options how to set it up; the descriptors are not used
   * @param peer what {@code accept} gave; closed when the process ends, or if it can't start
   * @return the process
   * @throws WrongThreadException if there is no reactor on this thread
   */
  public static MicroProcess start(MicroThread main, MicroOptions options, MicroConnection peer) {
    return MicroLaunch.connection(main, options, peer, MicroProcess::nothing);
  }

  /** Waits until it has ended. Suspends the fiber, or thread of another process, that calls it. */
  public void join() {
    join(Deadline.NEVER);
  }

  /**
   * Waits until it has ended, but not for ever. Suspends the fiber that calls it.
   *
   * @param deadline until when
   * @throws dev.weft.error.DeadlineExceededException if it has not ended by then; it goes on
   */
  public void join(Deadline deadline) {
    Strand strand = requireJoiner(this);
    strand.checkBeforeWait("join", this, deadline.nanoTime(), WaitMode.INTERNAL);
    while (!isEnded()) {
      strand.await(joiners, "join", this, deadline.nanoTime(), WaitMode.INTERNAL);
    }
  }

  /**
   * The calling fiber, which is about to wait for the end of {@code subject}: it, or its service.
   */
  Strand requireJoiner(Object subject) {
    MicroDispatcher kernel = MicroDispatcher.of(this);
    return kernel == null
        ? Strand.require("join")
        : Strand.requireOf(kernel.loop(), "join", subject);
  }

  /**
   * Ends it: its threads run their {@code lastly} with EINTR, what is in flight is cancelled, its
   * connections are closed. On its reactor's thread, but not by one of its own threads.
   */
  public void kill() {
    MicroDispatcher kernel = MicroDispatcher.of(this);
    if (kernel == null) {
      EventLoop.require("kill");
    } else {
      kernel.loop().requireThread("kill", this);
    }
    if (!isEnded()) {
      killed = true;
      driver.awake(this);
    }
  }

  static void nothing(MicroProcess ended) {}

  boolean isKilled() {
    return killed;
  }

  /**
   * Runs what can run; returns whether it has ended. Throws nothing: what goes wrong beneath its
   * threads ends this process, and no other.
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
    rings.pump();
    if (!ending && (isRunnable() || (isBlocked() && !killed))) {
      return false;
    }
    if (threads.live() > 0) {
      if (ending) {
        forceTerminate(context);
      } else {
        terminate(context);
      }
      rings.pump();
    }
    if (threads.live() == 0 && rings.closeAll()) {
      rings.pump();
    }
    return finish(context);
  }

  /** Gives back what it has once nothing is in flight, and says so; may be called again. */
  private boolean finish(Context context) {
    failures.report(this);
    if (!isEnded()) {
      if (broken ? !isAtRest() : threads.live() > 0 || !rings.areClosed()) {
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
    if (!endIsTold) {
      onEnd.accept(this);
      endIsTold = true;
    }
    return true;
  }

  // ---- what goes wrong beneath its threads

  /**
   * Something of its own code has failed, for want of memory, say. Its threads are ended as by
   * {@link #kill}; if that fails too, nothing of it runs any more. Allocates nothing.
   */
  void failed(Throwable e) {
    threads.stopped();
    heap.active = false;
    killed = true;
    if (failures.add(e)) {
      broken = true;
      ending = true;
    }
    driver.awake(this);
  }

  /** Has nothing of it run any more, because of {@code cause}. */
  void abort(Throwable cause) {
    failures.exhaust();
    failed(cause);
  }

  /** Whether nothing that has been broken off is in flight any more; cancels what is. */
  private boolean isAtRest() {
    rings.cancel();
    threads.forEachLive(MicroThread::endCalls);
    return !rings.areInFlight() && !threads.areInCalls();
  }

  boolean isBroken() {
    return broken;
  }

  /** Runs it to its end, for the local executor. */
  void runToEnd() {
    Context context = new Context(threads::refused);
    try {
      do {
        dispatch(context, Integer.MAX_VALUE);
        rings.pump();
      } while (!threads.isIdle());
      if (threads.live() > 0) {
        terminate(context);
      }
      rings.pump();
    } catch (Throwable e) {
      MicroFailures.clear(context);
      failed(e);
      terminate(context);
      throw e;
    } finally {
      rings.release();
    }
  }

  /** Makes {@code main} its first thread, and lets it run. */
  void begin(MicroThread main, Handle input, Handle output) {
    MicroSocket socket = rings.open(input, output);
    if (socket == null) {
      throw new IllegalArgumentException(
          "the micro-heap needs page count of "
              + heap.neededPages(2L * ByteRing.BYTES)
              + " at least, for the rings of its default socket: it has "
              + heap.pages());
    }
    begin(main, socket);
  }

  void begin(MicroThread main, MicroSocket socket) {
    threads.add(main);
    rings.attach(socket);
    main.socket = socket;
    heap.active = false;
    threads.play(main);
  }

  // ---- dispatch

  /** Runs threads until none can run, or this many resumes are spent. */
  void dispatch(Context context, int budget) {
    heap.active = true;
    try {
      int left = threads.run(context, budget);
      while (left > 0 && threads.hasYielded() && driver != BlockingIoDriver.INSTANCE) {
        threads.admitYielded();
        left = threads.run(context, left);
      }
    } finally {
      heap.active = false;
    }
  }

  /** Takes a thread off the lists of those that wait for something outside. */
  void forgetWaits(MicroThread thread) {
    rings.forgetWaits(thread);
    alarms.forgetWait(thread);
  }

  void requireNotEnding(MicroThread thread) {
    if (ending) {
      throw new ThreadExit(thread.label() + " waits while its process ends");
    }
  }

  // ---- the ends of threads

  void ended(MicroThread thread) {
    rings.forgetWaits(thread);
    MicroSocket socket = thread.socket;
    if (socket != null) {
      rings.detach(socket);
      rings.writerEnded(thread, socket.tx);
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
    thread.refuseAskers();
  }

  private void terminate(Context context) {
    if (!killed) { // an end that was asked for is no news
      report("threads that nobody can wake: " + threads.describeLive());
    }
    ending = true;
    threads.ends.terminate();
    dispatch(context, options.budget());
    forceTerminate(context);
  }

  /**
   * Ends the threads that wait although they have been told to end; those that wait for the end of
   * an operation, or of children, later.
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
   * Has the faults of all other threads raised in {@code thread}, as EFAULT. The one that failed
   * stays as it was at its last suspension: whoever plays it lets it try again from there. More
   * than ten faults within a second are too many: the thread that failed last is ended then.
   *
   * @param thread one of this process
   */
  public void supervise(MicroThread thread) {
    supervise(thread, MicroFaults.COUNT_MAX, MicroFaults.WITHIN);
  }

  /**
   * As {@link #supervise(MicroThread)}, with another limit.
   *
   * @param thread one of this process
   * @param faultsMax how many faults of the process are borne, at least 0
   * @param within in what time
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

// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.internal.sched.EventLoop;
import dev.weft.internal.sched.Strand;
import dev.weft.internal.sched.Wait;
import dev.weft.internal.sched.WaitList;
import dev.weft.weave.Context;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
  private static final int FAULTS_MAX = 10;
  private static final Duration FAULTS_WITHIN = Duration.ofSeconds(1);
  private static int lastId;

  final MicroHeap heap;
  final MicroDriver driver;
  final MicroThreads threads = new MicroThreads(this);
  private final int id;
  private final MicroOptions options;

  /** Every ring that is in use. */
  private final List<MicroRing> rings = new ArrayList<>();

  // Rings to be written from, and read into, when all threads wait.
  private final List<MicroRing> outputs = new ArrayList<>();
  private final List<MicroRing> inputs = new ArrayList<>();

  private @Nullable MicroThread supervisor;
  private int faultsMax = FAULTS_MAX;
  private long faultsWithinNanos = FAULTS_WITHIN.toNanos();
  private int faults;
  private long faultsSince;
  private boolean ending;
  private boolean killed;

  /** Whether it is in the queue of its kernel. */
  boolean isReady;

  private final WaitList joiners = new WaitList();

  MicroProcess(MicroHeap heap, MicroDriver driver, MicroOptions options) {
    this.heap = heap;
    this.driver = driver;
    this.options = options;
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
    return threads.isRunning() || !threads.isIdle() || threads.hasYielded();
  }

  boolean isBlocked() {
    for (MicroRing ring : rings) {
      if (ring.isAwaitedOutside()) {
        return true;
      }
    }
    return false;
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
    try (MicroSlab slab =
        MicroSlab.open((long) options.pages() * MicroHeap.PAGE_BYTES, options.hugePages())) {
      MicroProcess process =
          new MicroProcess(slab.heap(options.pages()), LocalDriver.INSTANCE, options);
      try {
        process.begin(main, options.input(), options.output(), false);
        process.runToEnd();
      } finally {
        process.heap.close();
      }
    }
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
    return start(main, options, options.input(), options.output(), false);
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
  public static MicroProcess start(MicroThread main, MicroOptions options, MicroPeer peer) {
    int descriptor = peer.take();
    return start(main, options, descriptor, descriptor, true);
  }

  private static MicroProcess start(
      MicroThread main, MicroOptions options, int input, int output, boolean owned) {
    MicroKernel kernel = MicroKernel.of(options);
    MicroProcess process = new MicroProcess(kernel.heap(options.pages()), kernel, options);
    boolean begun = false;
    try {
      process.begin(main, input, output, owned);
      begun = true;
    } finally {
      if (!begun) {
        process.heap.close();
        if (owned) {
          kernel.close(input);
        }
      }
    }
    kernel.add(process);
    return process;
  }

  /** Waits until it has ended. Suspends the fiber that calls it. */
  public void join() {
    Strand strand = Strand.require("join");
    while (!isEnded()) {
      strand.await(joiners, "join", this, Deadline.NEVER.nanoTime(), Wait.INSIDE);
    }
  }

  /**
   * Ends it: its threads run their {@code lastly} with EINTR, what is in flight is cancelled, its
   * connections are closed. On its reactor's thread, but not by one of its own threads.
   */
  public void kill() {
    EventLoop.require("kill");
    if (!isEnded()) {
      killed = true;
      driver.awake(this);
    }
  }

  boolean isKilled() {
    return killed;
  }

  /** Runs what can run; returns whether it has ended. */
  boolean turn(Context context) {
    if (isEnded()) {
      return true;
    }
    if (killed && threads.live() > 0) {
      reap(context);
    }
    dispatch(context, options.budget());
    pump();
    if (isRunnable() || (isBlocked() && !killed)) {
      return false;
    }
    if (threads.live() > 0) {
      reap(context);
      pump();
    }
    return finish();
  }

  private boolean finish() {
    for (MicroRing ring : rings) {
      if (!ring.isPipe() && !ring.closed) {
        return false;
      }
    }
    heap.close();
    joiners.wakeAll();
    return true;
  }

  private void runToEnd() {
    Context context = new Context();
    do {
      dispatch(context, Integer.MAX_VALUE);
      pump();
    } while (!threads.isIdle());
    if (threads.live() > 0) {
      reap(context);
    }
    pump();
  }

  /** Makes {@code main} its first thread, and lets it run. */
  void begin(MicroThread main, int input, int output, boolean owned) {
    MicroSocket socket = open(input, output, owned);
    if (socket == null) {
      throw new IllegalArgumentException(
          "the micro-heap needs page count of "
              + heap.neededPages(2L * MicroRing.BYTES)
              + " at least, for the rings of its default socket: it has "
              + heap.pages());
    }
    threads.add(main);
    attach(socket);
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
      while (left > 0 && threads.hasYielded() && driver != LocalDriver.INSTANCE) {
        threads.admitYielded();
        left = threads.run(context, left);
      }
    } finally {
      heap.active = false;
    }
  }

  /** Has the driver write what was written, then read what is waited for. */
  void pump() {
    for (int i = 0; i < outputs.size(); i++) {
      MicroRing ring = outputs.get(i);
      ring.pending = false;
      if (ring.inFlight || ring.isEmpty()) {
        continue;
      }
      if (killed) {
        ring.drained(-Errno.ECANCELED.code());
      } else {
        driver.drain(ring);
      }
    }
    outputs.clear();
    for (int i = 0; i < inputs.size(); i++) {
      MicroRing ring = inputs.get(i);
      ring.pending = false;
      if (!ring.inFlight && !ring.ended && ring.writable() > 0 && ring.isAwaitedOutside()) {
        driver.fill(ring);
      }
    }
    inputs.clear();
    closeEnds();
  }

  /** Has what is in {@code ring} written when all threads wait. */
  void outputs(MicroRing ring) {
    if (!ring.pending) {
      ring.pending = true;
      outputs.add(ring);
    }
  }

  private void inputs(MicroRing ring) {
    if (!ring.pending) {
      ring.pending = true;
      inputs.add(ring);
    }
  }

  void awaitInput(MicroRing ring, MicroThread thread) {
    refuseIfEnding(thread);
    ring.addReader(thread);
    thread.waits();
    if (ring.isInput) {
      inputs(ring);
    }
  }

  void awaitOutput(MicroRing ring, MicroThread thread) {
    refuseIfEnding(thread);
    ring.addWriter(thread);
    thread.waits();
    if (ring.isOutput) {
      outputs(ring);
    }
  }

  private void refuseIfEnding(MicroThread thread) {
    if (ending) {
      throw new MicroEnd(thread.name() + " waits while its process ends");
    }
  }

  void forgetWaits(MicroThread thread) {
    for (MicroRing ring : rings) {
      ring.forget(thread);
    }
  }

  // ---- sockets

  /** A socket of two descriptors, which may be one; null if there is no memory. */
  @Nullable MicroSocket open(int input, int output, boolean owned) {
    MicroDescriptor source = new MicroDescriptor(input, owned, false);
    MicroDescriptor sink = input == output ? source : new MicroDescriptor(output, owned, false);
    MicroBlock memory = heap.calloc(source, 2L * MicroRing.BYTES);
    if (memory == null) {
      return null;
    }
    MicroRing rx = MicroRing.input(threads, memory, 0, source);
    MicroRing tx = MicroRing.output(threads, memory, MicroRing.BYTES, sink);
    rings.add(rx);
    rings.add(tx);
    return new MicroSocket(this, rx, tx);
  }

  /** A listening socket: numbers of descriptors come in. */
  MicroSocket listening(MicroThread thread, int descriptor) {
    MicroDescriptor source = new MicroDescriptor(descriptor, true, true);
    MicroBlock memory = heap.calloc(source, MicroRing.BYTES);
    if (memory == null) {
      throw new IllegalArgumentException(thread.name() + " has no memory for a listening socket");
    }
    MicroRing rx = MicroRing.input(threads, memory, 0, source);
    rings.add(rx);
    return new MicroSocket(this, rx, rx);
  }

  /** A ring between two threads; raises ENOMEM in {@code thread} if there is no memory. */
  MicroRing pipe(MicroThread thread) throws Exception {
    MicroRing ring = MicroRing.pipe(threads, thread.callocFor(threads, MicroRing.BYTES));
    rings.add(ring);
    return ring;
  }

  /** The socket of an accepted connection; raises ENOMEM in {@code thread}, as {@link #pipe}. */
  MicroSocket connect(MicroThread thread, MicroPeer peer) throws Exception {
    MicroSocket socket = open(peer.number(), peer.number(), true);
    if (socket == null) {
      thread.raise(Errno.ENOMEM);
      throw new MicroEnd(thread.name() + " has no memory for a connection");
    }
    peer.take();
    return socket;
  }

  void attach(MicroSocket socket) {
    socket.rx.readerEnds++;
    socket.tx.writerEnds++;
  }

  void detach(MicroSocket socket) {
    if (--socket.rx.readerEnds == 0) {
      closeInput(socket.rx);
    }
    if (--socket.tx.writerEnds == 0) {
      closeOutput(socket.tx);
    }
  }

  void closeInput(MicroRing ring) {
    ring.abandoned = true;
    ring.wakeWriters();
  }

  void closeOutput(MicroRing ring) {
    ring.ended = true;
    ring.wakeReaders();
  }

  /** Closes the descriptors of rings whose threads are done with them, and forgets these. */
  private void closeEnds() {
    for (int i = rings.size() - 1; i >= 0; i--) {
      MicroRing ring = rings.get(i);
      if (ring.isPipe()) {
        if (ring.readerEnds == 0 && ring.writerEnds == 0) {
          rings.remove(i);
          heap.release(ring.memory);
        }
      } else if (ring.isOutput ? ring.ended && (ring.isEmpty() || killed) : ring.abandoned) {
        closeEnd(ring);
        i = Math.min(i, rings.size()); // two may have gone
      }
    }
  }

  private void closeEnd(MicroRing ring) {
    if (ring.inFlight) {
      driver.cancel(ring);
      return;
    }
    if (!ring.closed) {
      ring.closed = true;
      refuseAccepted(ring);
      driver.release(ring);
      MicroDescriptor descriptor = ring.descriptor();
      boolean last = descriptor.closedEnd();
      if (last && descriptor.isOwned()) {
        driver.close(descriptor.number());
        rings.removeIf(other -> other.memory == ring.memory);
        heap.release(ring.memory);
      } else if (!last && descriptor.isOwned() && ring.isOutput) {
        driver.shutdown(descriptor.number(), MicroDriver.OUTPUT);
      }
    }
  }

  private void refuseAccepted(MicroRing ring) {
    while (ring.descriptor().listening && !ring.isEmpty()) {
      driver.close(ring.takeInt());
    }
  }

  // ---- the ends of threads

  void ended(MicroThread thread) {
    forgetWaits(thread);
    detach(thread.defaultSocket());
    heap.freeAll(thread);
    threads.forEachLive(other -> other.calleeEnded(thread));
  }

  private void reap(Context context) {
    String why = killed ? "ended with threads " : "threads that nobody can wake: ";
    report(why + threads.describeLive());
    ending = true;
    threads.reap();
    dispatch(context, options.budget());
    heap.active = true;
    threads.reapHard(context);
    heap.active = false;
    dispatch(context, options.budget());
    heap.active = true;
    threads.reapHard(context);
    heap.active = false;
  }

  // ---- faults

  /**
   * Has the faults of all other threads raised in {@code thread}, as EFAULT. The one that failed
   * stays as it was at its last suspension: whoever plays it lets it try again from there. Ten
   * faults within a second are too many: the thread is ended then.
   *
   * @param thread one of this process
   */
  public void supervise(MicroThread thread) {
    supervise(thread, FAULTS_MAX, FAULTS_WITHIN);
  }

  /**
   * As {@link #supervise(MicroThread)}, with another limit.
   *
   * @param thread one of this process
   * @param faultsMax how many faults of the process are borne
   * @param within in what time
   */
  public void supervise(MicroThread thread, int faultsMax, Duration within) {
    if (thread.process != this) {
      throw new IllegalArgumentException(thread.name() + " is not a thread of this process");
    }
    supervisor = thread;
    this.faultsMax = faultsMax;
    faultsWithinNanos = within.toNanos();
  }

  @Nullable MicroThread supervisor() {
    return supervisor;
  }

  void faulted(Fault fault) {
    long now = System.nanoTime();
    if (faults == 0 || now - faultsSince > faultsWithinNanos) {
      faults = 0;
      faultsSince = now;
    }
    faults++;
    report("fault in " + fault.thread().name() + ": " + fault.cause());
  }

  boolean isTooFaulty() {
    return faults > faultsMax;
  }

  void report(String message) {
    MicroLog.about("proc_local: <id=\"" + id + "\">", message);
  }

  @Override
  public String toString() {
    return "micro-process " + id + ", " + threads.live() + " threads";
  }
}

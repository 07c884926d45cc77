// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.error.DeadlockException;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Op;
import dev.weft.internal.failure.UncaughtFailures;
import dev.weft.internal.os.SignalSource;
import dev.weft.internal.queue.Clock;
import dev.weft.internal.queue.InboundQueue;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.routine.codegen.Context;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs the strands of one reactor on its thread.
 *
 * <p>A turn: resume strands that can run, {@value #RESUMES_PER_TURN_MAX} at most → let in what came
 * from other threads → expire deadlines → one poll of the backend, which blocks only if no strand
 * can run. Completions and deadlines make strands ready; they are resumed from here alone, never
 * from inside a poll, so the stack stays flat.
 */
public final class EventLoop extends StrandTable {
  /** So often at least, completions are looked for, however busy the strands keep each other. */
  public static final int RESUMES_PER_TURN_MAX = 64;

  private final Object owner;
  private final Backend backend;
  private final Clock clock;
  private final boolean baton;
  private final RunQueue ready = new RunQueue(this);
  private final TimerQueue timers = new TimerQueue();
  private final InboundQueue inbound = new InboundQueue();
  private final StrandTraces whereabouts = new StrandTraces();
  private final Consumer<Throwable> onTaskFailure;

  /** Decides what else chance and the machine would, or null outside simulations. */
  private final @Nullable LoopEnvironment simulator;

  /** For what completes at once: never in flight, so one is enough. */
  private final Op controlOp;

  /** What the stackless strands are run with. */
  private final Context context = new Context(Schedulable::refused);

  /** Strands that only another strand could let go on. */
  public int deadlockCandidates;

  /** Those that other strands run. */
  final HostedStrands guests = new HostedStrands();

  private @Nullable Runnable housekeeping;

  private @Nullable DeadlockException deadlock;
  private boolean running;

  /** Whether all strands are to end, those included that are still to be started. */
  private boolean cancelling;

  private long turns;

  /** Xorshift (Marsaglia 2003). The same in each run, so that a test repeats itself. */
  private int random = 0x9E3779B9;

  /** The time at the start of the turn. */
  private long turnStart;

  private long resumes;

  /**
   * Makes the loop of the calling thread.
   *
   * @param owner what users know the loop as
   * @param clock a {@link LoopEnvironment} to be run by it
   * @param baton whether strands must pass a baton even where the JVM lets us schedule them
   * @param onTaskFailure gets what tasks given to {@link #execute} throw
   */
  public EventLoop(
      Object owner,
      Backend backend,
      Clock clock,
      boolean baton,
      Consumer<Throwable> onTaskFailure) {
    this.owner = owner;
    this.backend = backend;
    this.clock = clock;
    this.baton = baton || !VirtualThreadStrand.isAvailable();
    this.onTaskFailure = onTaskFailure;
    simulator = clock instanceof LoopEnvironment given ? given : null;
    if (simulator != null) {
      random = 1 + simulator.choose(Integer.MAX_VALUE); // anything but 0
    }
    UncaughtFailures.prepare();
    controlOp = backend.create(op -> {});
    LoopRegistry.put(this);
  }

  /** The loop whose strand or task is running on the calling thread, or that it owns; or null. */
  public static @Nullable EventLoop current() {
    Thread thread = Thread.currentThread();
    if (!thread.isVirtual()) {
      return LoopRegistry.get(thread);
    }
    Strand strand = Strand.carrier();
    if (strand == null) {
      return null;
    }
    strand.acquireBaton();
    return strand.loop;
  }

  /**
   * The loop that the caller runs on.
   *
   * @throws WrongThreadException if there is none
   */
  public static EventLoop require(String verb) {
    EventLoop loop = current();
    if (loop == null) {
      throw new WrongThreadException(verb + ": there is no reactor on " + Thread.currentThread());
    }
    return loop;
  }

  Context context() {
    return context;
  }

  public Object owner() {
    return owner;
  }

  public Backend backend() {
    return backend;
  }

  public Op controlOp() {
    return controlOp;
  }

  public TimerQueue timers() {
    return timers;
  }

  public Clock clock() {
    return clock;
  }

  /** What runs blocking calls in a simulation, or null. */
  public @Nullable Executor blocking() {
    return simulator == null ? null : simulator.blocking();
  }

  public SignalSource signals() {
    return simulator == null ? SignalSource.PROCESS : simulator.signals();
  }

  /** Whether strands pass a baton instead of being scheduled by this loop. */
  public boolean passesBaton() {
    return baton;
  }

  public boolean isRunning() {
    return running;
  }

  public long turns() {
    return turns;
  }

  /** A number from 0 to {@code bound} - 1, for choices that must favour none: not for secrets. */
  public int random(int bound) {
    random ^= random << 13;
    random ^= random >>> 17;
    random ^= random << 5;
    return Integer.remainderUnsigned(random, bound);
  }

  /** What the clock read when the turn began: near enough for what people look at. */
  public long turnStart() {
    return turnStart;
  }

  public long resumes() {
    return resumes;
  }

  public RunQueue ready() {
    return ready;
  }

  /** As {@link #requireThread(String, Object)}, of the reactor itself. */
  public void requireThread(String verb) {
    requireThread(verb, "");
  }

  /**
   * Refuses callers that are not on this reactor's thread.
   *
   * @throws WrongThreadException if it is not
   */
  public void requireThread(String verb, Object subject) {
    Strand strand = Strand.carrier();
    if (strand != null && strand.loop == this) {
      strand.acquireBaton();
    }
    if (!isOnThread()) {
      throw stranger(verb, subject);
    }
  }

  /**
   * What a strand of another reactor gets. That may run on the same thread, once this one has been
   * closed, so to look at the thread is not enough for what is to wait.
   */
  public WrongThreadException stranger(String verb, Object subject) {
    return new WrongThreadException(
        (verb + " " + subject).strip()
            + " belongs to the reactor on "
            + thread()
            + (isClosed() ? ", which is closed, not to " : ", not to ")
            + Thread.currentThread());
  }

  // ---- strands

  /**
   * Starts a strand, to be run in its turn.
   *
   * @param woven whether all code in it that suspends is woven, so that it needs no stack
   * @param deadline the deadline of all that it does, or {@link TimerQueue#NEVER}
   */
  public Strand start(Strand.Body body, @Nullable String name, boolean woven, long deadline) {
    Strand strand =
        woven ? new StacklessStrand(this, body, deadline) : stackful(body, name, deadline);
    ready.reserve(live() + 1); // each is in the queue once at most: to make it ready can't fail
    strand.slot = add(strand);
    try {
      strand.start();
    } catch (Throwable e) { // no thread for it
      remove(strand.slot);
      strand.slot = UNLISTED;
      throw e;
    }
    if (cancelling) {
      strand.cancel();
    }
    return strand;
  }

  private Strand stackful(Strand.Body body, @Nullable String name, long deadline) {
    return baton
        ? new BatonStrand(this, body, name, deadline)
        : new VirtualThreadStrand(this, body, name, deadline);
  }

  void enqueue(int slot) {
    ready.addLast(slot);
  }

  private void run(int slot) {
    Strand strand = at(slot);
    resumes++;
    run(strand);
    if (strand.state() == Strand.State.ENDED) {
      remove(slot);
      strand.slot = UNLISTED;
      end(strand);
    }
    if (simulator != null) {
      simulator.resumed(strand);
    }
  }

  private static void end(Strand strand) {
    try {
      strand.body().ended();
    } catch (Throwable e) { // of one strand; the others go on
      UncaughtFailures.report(e);
    }
  }

  private int next() {
    return simulator == null ? ready.poll() : ready.pollAny(simulator);
  }

  /** Calls {@code action} with every strand that another one runs. */
  public void forEachGuest(Consumer<HostedStrand> action) {
    guests.forEach(action);
  }

  /** Cancels every strand, and those that start before the present run has ended. */
  public void cancelAll() {
    cancelling = true;
    forEachLive(Cancellation.CANCEL);
  }

  // ---- from other threads

  private final class Task extends InboundQueue.Node {
    private final Runnable action;

    Task(Runnable action) {
      this.action = action;
    }

    @Override
    protected void arrive() {
      try {
        action.run();
      } catch (Throwable e) {
        onTaskFailure.accept(e); // what it throws is reported by the queue
      }
    }
  }

  /**
   * Runs {@code action} on the reactor's thread, outside any strand, in one of its next turns. Any
   * thread.
   *
   * @throws RejectedExecutionException if the reactor is closed
   */
  public void execute(Runnable action) {
    if (!arriveLater(new Task(action))) {
      throw new RejectedExecutionException("the reactor on " + thread() + " is closed");
    }
  }

  /** Any thread. Returns false if the loop is closed. */
  public boolean arriveLater(InboundQueue.Node node) {
    if (simulator != null && !isOnThread()) {
      simulator.reached(Thread.currentThread(), node);
    }
    InboundQueue.Push push = inbound.push(node);
    if (push == InboundQueue.Push.WAKE) {
      backend.wakeup();
    }
    return push != InboundQueue.Push.CLOSED;
  }

  /** Any thread. Whether nothing arrives any more. */
  public boolean isClosed() {
    return inbound.isClosed();
  }

  // ---- turns

  /**
   * Runs until every strand has ended.
   *
   * @throws DeadlockException if they had to be cancelled because each waited for another
   */
  public void run() {
    running = true;
    try {
      while (live() > 0) {
        turn();
        if (simulator != null) {
          simulator.turned(this);
        }
      }
    } finally {
      running = false;
      cancelling = false;
    }
    DeadlockException found = deadlock;
    if (found != null) {
      deadlock = null;
      throw found;
    }
  }

  /** Has {@code action} run once a turn; not in a simulation, whose runs must be repeatable. */
  public void housekeeping(Runnable action) {
    housekeeping = simulator == null ? action : null;
  }

  private void turn() {
    turns++;
    if (housekeeping != null) {
      housekeeping.run();
    }
    turnStart = clock.nanoTime();
    int slot;
    for (int n = 0; n < RESUMES_PER_TURN_MAX && (slot = next()) != NONE; n++) {
      run(slot);
    }
    inbound.drain();
    long deadline = timers.nextDeadline();
    long timeout = deadline == TimerQueue.NEVER ? Backend.FOREVER : untilNext(deadline);
    if (!ready.isEmpty() || live() == 0) {
      backend.poll(0);
      return;
    }
    if (timeout == Backend.FOREVER && deadlockCandidates == live() + guests.waiting()) {
      breakDeadlock();
      return;
    }
    if (timeout > 0 && inbound.sleep()) {
      backend.poll(timeout);
      inbound.awake();
    } else {
      backend.poll(0);
    }
  }

  /** Expires what is due; returns how long to wait for the next, 0 if a strand can run. */
  private long untilNext(long deadline) {
    long now = clock.nanoTime();
    if (deadline > now) {
      return deadline - now;
    }
    timers.expire(now);
    return 0;
  }

  private void breakDeadlock() {
    deadlock = whereabouts.deadlock(this);
    forceCancel();
  }

  /** Cancels every strand, and ends even shielded waits. */
  public void forceCancel() {
    cancelAll();
    forEachLive(Cancellation.GIVE_UP);
    guests.forEachWaiting(Cancellation.GIVE_UP);
  }

  /** Waits for one operation where no strand can be resumed. */
  public void pollUntilDone(Op op) {
    while (!op.isDone()) {
      backend.poll(Backend.FOREVER);
    }
  }

  /**
   * Ends the loop: cancels what is left of the strands and runs them to their end, since an
   * abandoned thread would never run its finally blocks; then closes the backend. Tasks that have
   * been given to {@link #execute} before are run, and what they start is cancelled and run to its
   * end as well; later ones are refused.
   *
   * @throws DeadlockException if the strands waited for each other even so; thrown when all is
   *     closed
   */
  public void close() {
    requireThread("close");
    DeadlockException found = null;
    boolean ended = false;
    try {
      found = endStrands();
      ended = true;
    } finally {
      if (!ended) {
        abandon(); // whatever happens, the thread may have another loop
      }
    }
    try {
      backend.close();
    } catch (Throwable e) {
      if (found != null) {
        e.addSuppressed(found);
      }
      throw e;
    } finally {
      LoopRegistry.remove(this);
    }
    if (found != null) {
      throw found;
    }
  }

  /** Runs until no strand is left and none can be started; returns the first deadlock, or null. */
  private @Nullable DeadlockException endStrands() {
    DeadlockException first = null;
    do {
      cancelAll();
      try {
        run(); // not cancelling afterwards
      } catch (DeadlockException e) {
        if (first == null) {
          first = e;
        } else if (first != e) {
          first.addSuppressed(e);
        }
      }
      cancelling = true; // what the last tasks start
      inbound.drain();
    } while (live() > 0 || !inbound.closeIfEmpty());
    return first;
  }

  /** Leaves the loop as it is, with strands that can't be ended: after a simulation has failed. */
  public void abandon() {
    try {
      inbound.close();
    } finally {
      LoopRegistry.remove(this);
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.error.DeadlockException;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Call;
import dev.weft.internal.backend.Op;
import dev.weft.internal.failure.UncaughtFailures;
import dev.weft.internal.jvm.StackReserve;
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
 * <p>A turn: resume strands that can run, at most {@value #RESUMES_PER_TURN_MAX} → take messages
 * from other threads → expire deadlines → poll the backend once, which blocks only if no strand can
 * run. Completions and deadlines only make strands ready. Strands are resumed here, never inside a
 * poll, so the stack stays flat.
 */
public final class EventLoop extends StrandTable {
  /** The limit of resumes between two polls, however busy the strands keep each other. */
  public static final int RESUMES_PER_TURN_MAX = 64;

  private final Object owner;
  private final Backend backend;
  private final Clock clock;
  private final boolean baton;
  private final RunQueue ready = new RunQueue(this);
  private final TimerQueue timers = new TimerQueue();
  final InboundQueue inbound = new InboundQueue();
  private final StrandTraces traces = new StrandTraces();
  private final Consumer<Throwable> onTaskFailure;

  /** Decides what chance and the machine decide otherwise; null outside simulations. */
  private final @Nullable LoopEnvironment environment;

  private final LoopEvents events = new LoopEvents();
  private @Nullable LoopListener listener; // that of events, for the loop's thread

  /** Used by all calls: they complete immediately, so one is enough. */
  private final Call call = new Call();

  /** The context of the stackless strands. */
  private final Context context = new Context(Parking::suspensionRefused);

  /** Objects that other rooms keep for this loop. */
  public final LoopExtensions extensions = new LoopExtensions();

  /** What the loop does before it sleeps. */
  public final Spin spin = new Spin();

  /** The number of waits that only another strand can end. */
  public int deadlockCandidates;

  /** The strands that other strands run. */
  final HostedStrands hosted = new HostedStrands();

  private @Nullable Runnable housekeeping;
  private @Nullable DeadlockException deadlock;
  private boolean running;

  /** The strand at whose end the loop stops, whatever is left; null if there is none. */
  private @Nullable Strand awaited;

  /** Whether all strands are cancelled, including those that are started from now on. */
  private boolean cancelling;

  private long turns;
  private final FairRandom random;
  private long turnStart; // the time then

  private long resumes;

  /**
   * Makes the loop of the calling thread.
   *
   * @param owner the object that users know the loop as
   * @param clock the clock; if it is a {@link LoopEnvironment}, that drives the loop
   * @param baton whether strands pass a baton even if the JVM lets us schedule virtual threads
   * @param onTaskFailure called with what tasks given to {@link #execute} throw
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
    environment = clock instanceof LoopEnvironment given ? given : null;
    random = FairRandom.of(environment);
    UncaughtFailures.prepare();
    StackReserve.prepare();
    LoopRegistry.put(this);
  }

  /** The loop whose strand or task runs on the calling thread, or that the thread owns; or null. */
  public static @Nullable EventLoop current() {
    Thread thread = Thread.currentThread();
    if (!thread.isVirtual()) {
      return LoopRegistry.get(thread);
    }
    Strand strand = CurrentStrand.carrier();
    if (strand == null) {
      return null;
    }
    strand.acquireBaton();
    return strand.loop;
  }

  /**
   * The loop that {@link #current} returns.
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

  /** Sets the listener that gets the events of this loop and of its backend, or none. */
  public void observe(@Nullable LoopListener observer) {
    listener = observer;
    events.listener(observer);
    backend.observe(observer);
  }

  /** The listener, or null. May be called from any thread. */
  public @Nullable LoopListener listener() {
    return events.listener();
  }

  public Context context() {
    return context;
  }

  public Object owner() {
    return owner;
  }

  public Backend backend() {
    return backend;
  }

  /** The object for requests of calls, which the next request changes. */
  public Call call() {
    return call;
  }

  public TimerQueue timers() {
    return timers;
  }

  public Clock clock() {
    return clock;
  }

  /** The executor of blocking calls in a simulation, or null outside of one. */
  public @Nullable Executor blocking() {
    return environment == null ? null : environment.blocking();
  }

  public SignalSource signals() {
    return environment == null ? SignalSource.PROCESS : environment.signals();
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

  /** A pseudo-random number from 0 to {@code bound} - 1, for fair choices; not for secrets. */
  public int random(int bound) {
    return random.next(bound);
  }

  /** The time at the start of the turn: precise enough for dumps. */
  public long turnStart() {
    return turnStart;
  }

  public long resumes() {
    return resumes;
  }

  public RunQueue ready() {
    return ready;
  }

  /** As {@link #requireThread(String, Object)}, without a subject. */
  public void requireThread(String verb) {
    requireThread(verb, "");
  }

  /**
   * Checks that the caller is on this reactor's thread.
   *
   * @throws WrongThreadException if it is not
   */
  public void requireThread(String verb, Object subject) {
    Strand strand = CurrentStrand.carrier();
    if (strand != null && strand.loop == this) {
      strand.acquireBaton();
    }
    if (!isOnThread()) {
      throw wrongThread(verb, subject);
    }
  }

  /**
   * The exception for a strand of another reactor, which can run on the same thread once this
   * reactor is closed.
   */
  public WrongThreadException wrongThread(String verb, Object subject) {
    return new WrongThreadException(
        (verb + " " + subject).strip()
            + " belongs to the reactor on "
            + thread()
            + (isClosed() ? ", which is closed, not to " : ", not to ")
            + Thread.currentThread());
  }

  // ---- strands

  /**
   * Starts a strand: adds it to the run queue.
   *
   * @param woven whether all its suspending code is woven, so that it needs no stack
   * @param deadline the deadline of all its waits, or {@link TimerQueue#NEVER}
   */
  public Strand start(Strand.Body body, @Nullable String name, boolean woven, long deadline) {
    Strand strand =
        woven ? new StacklessStrand(this, body, deadline) : stackful(body, name, deadline);
    ready.reserve(live() + 1); // a strand is queued at most once, so ready() can't fail
    strand.slot = add(strand);
    try {
      strand.start();
    } catch (Throwable e) { // no thread could be started
      remove(strand.slot);
      strand.slot = UNLISTED;
      throw e;
    }
    events.started(strand);
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
    LoopListener observer = listener;
    if (observer != null) {
      observer.resumed(strand);
    }
    run(strand);
    boolean ended = strand.state() == Strand.State.ENDED;
    if (ended) {
      remove(slot);
      strand.slot = UNLISTED;
      end(strand);
    }
    if (observer != null) {
      LoopEvents.stopped(observer, strand, ended);
    }
  }

  private static void end(Strand strand) {
    try {
      strand.body().ended();
    } catch (Throwable e) { // from one strand; the others continue
      UncaughtFailures.report(e);
    }
  }

  private int next() {
    return environment == null ? ready.poll() : ready.pollAny(environment);
  }

  /** Calls {@code action} with every hosted strand. */
  public void forEachHosted(Consumer<HostedStrand> action) {
    hosted.forEach(action);
  }

  /** Cancels every strand, and those that are started before the present run ends. */
  public void cancelAll() {
    cancelling = true;
    forEachLive(Cancellation.CANCEL);
  }

  // ---- from other threads

  /**
   * Runs {@code action} on the reactor's thread, outside any strand, in a later turn. Thread-safe.
   *
   * @throws RejectedExecutionException if the reactor is closed
   */
  public void execute(Runnable action) {
    StackReserve.check();
    if (!arriveLater(new GivenTask(action, onTaskFailure))) {
      throw new RejectedExecutionException("the reactor on " + thread() + " is closed");
    }
  }

  /** Queues {@code node}; returns false if the loop is closed. May be called from any thread. */
  public boolean arriveLater(InboundQueue.Node node) {
    events.message(this, node);
    InboundQueue.Push push = inbound.push(node);
    if (push == InboundQueue.Push.WAKE) {
      backend.wakeup();
    }
    return push != InboundQueue.Push.CLOSED;
  }

  /** Whether the loop takes no more messages. May be called from any thread. */
  public boolean isClosed() {
    return inbound.isClosed();
  }

  // ---- turns

  /**
   * Runs until every strand has ended.
   *
   * @throws DeadlockException if the strands were cancelled because each waited for another
   */
  public void run() {
    runTurns();
  }

  /**
   * Runs until {@code awaited} has ended.
   *
   * @throws DeadlockException as {@link #run}
   */
  public void runUntilEnded(Strand strand) {
    awaited = strand;
    try {
      runTurns();
    } finally {
      awaited = null;
    }
  }

  private boolean isAwaitedOver() {
    Strand strand = awaited;
    return strand != null && strand.state() == Strand.State.ENDED;
  }

  /** Runs one turn, which waits until {@code deadline}; waits for each other are no deadlock. */
  public void runOnce(long deadline) {
    running = true;
    try {
      turn(deadline, false);
      events.turned(this);
    } finally {
      running = false;
    }
  }

  private void runTurns() {
    running = true;
    try {
      while (live() > 0 && !isAwaitedOver()) {
        turn(TimerQueue.NEVER, true);
        events.turned(this);
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

  /** Sets what runs once a turn, except in a simulation, whose runs must be repeatable. */
  public void housekeeping(Runnable action) {
    housekeeping = environment == null ? action : null;
  }

  /** Whether there are strands or messages. */
  public boolean isRunnable() {
    return live() > 0 || !inbound.isEmpty();
  }

  private void turn(long limit, boolean breaksDeadlocks) {
    turns++;
    if (housekeeping != null) {
      housekeeping.run();
    }
    turnStart = clock.nanoTime();
    int slot;
    for (int n = 0; n < RESUMES_PER_TURN_MAX && (slot = next()) != NONE; n++) {
      run(slot);
    }
    backend.closeOverdue();
    if (hasUnqueued) {
      enqueueLate(hosted);
    }
    inbound.drain();
    long deadline = timers.nextDeadline();
    long timeout = deadline == TimerQueue.NEVER ? Backend.FOREVER : untilNext(deadline);
    if (!ready.isEmpty() || live() == 0 || isAwaitedOver()) {
      backend.poll(0);
      return;
    }
    if (breaksDeadlocks
        && timeout == Backend.FOREVER
        && deadlockCandidates == live() + hosted.waiting()) {
      breakDeadlock();
      return;
    }
    if (limit != TimerQueue.NEVER) {
      long now = clock.nanoTime();
      timeout = Math.min(timeout, limit > now ? limit - now : 0);
    }
    timeout = spin.before(timeout, backend, inbound, clock);
    if (timeout > 0 && inbound.sleep()) {
      backend.poll(timeout);
      inbound.awake();
    } else {
      backend.poll(0);
    }
  }

  /** Expires timers; returns the time until {@code deadline}, or 0 if it has passed. */
  private long untilNext(long deadline) {
    long now = clock.nanoTime();
    if (deadline > now) {
      return deadline - now;
    }
    timers.expire(now);
    return 0;
  }

  private void breakDeadlock() {
    DeadlockException found = traces.deadlock(this);
    deadlock = found;
    events.deadlocked(found);
    forceCancel();
  }

  /** Cancels every strand, and ends even shielded waits. */
  public void forceCancel() {
    cancelAll();
    forEachLive(Cancellation.FORCE_CANCEL);
    hosted.forEachWaiting(Cancellation.FORCE_CANCEL);
  }

  /** Waits for one operation without resuming strands. */
  public void pollUntilDone(Op op) {
    while (!op.isDone()) {
      backend.poll(Backend.FOREVER);
    }
  }

  /**
   * Ends the loop: cancels the remaining strands and runs them to their end, since an abandoned
   * thread would never run its finally blocks; then closes the backend. Runs the tasks already
   * given to {@link #execute}, and cancels what they start.
   *
   * @throws DeadlockException if the strands still waited for each other; thrown when all is closed
   */
  public void close() {
    requireThread("close");
    LoopEnd.close(this);
  }

  /** Cancels strands that are started from now on. */
  void cancelLater() {
    cancelling = true;
  }

  /** Closes the loop without ending its strands: for use after a simulation has failed. */
  public void abandon() {
    try {
      inbound.close();
    } finally {
      LoopRegistry.remove(this);
    }
  }
}

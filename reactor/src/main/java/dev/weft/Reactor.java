// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.error.Errno;
import dev.weft.error.ReactorUnavailableException;
import dev.weft.internal.access.Opener;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.BackendStats;
import dev.weft.internal.backend.uring.UringBackend;
import dev.weft.internal.diag.Watchdog;
import dev.weft.internal.failure.Failures;
import dev.weft.internal.failure.UncaughtFailures;
import dev.weft.internal.os.CpuAffinity;
import dev.weft.internal.queue.Clock;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.HostedStrand;
import dev.weft.internal.strand.Strand;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs fibers, and their input and output on io_uring, on the thread that opened it.
 *
 * <p>
 *
 * {@snippet :
 * try (Reactor reactor = Reactor.open()) {
 *   reactor.run(() -> serve(address));
 * }
 * }
 *
 * <p>A fiber uses the stack of the reactor's thread while it runs, and its frames are copied to the
 * heap while it waits. So it gets a {@link StackOverflowError} where that thread would get one.
 * Give the thread a stack of at least 1 MiB, which is the JVM's default on x86-64 ({@code -Xss}, or
 * {@link Thread.Builder.OfPlatform#stackSize}).
 *
 * <p>A thread has at most one reactor at a time, and it is a platform thread. Everything made in a
 * reactor belongs to it. The one method for other threads is {@link #execute}.
 */
public final class Reactor implements AutoCloseable, Executor {
  /**
   * Completions may come in bursts, multishot ones unasked; more than this go to the kernel's
   * backlog.
   */
  private static final int COMPLETIONS_PER_ENTRY = 4;

  private static final int COMPLETION_ENTRIES_MAX = 65536;

  static {
    Opener.Registry.register(
        (options, backend, clock) ->
            new Reactor((ReactorOptions) options, backend, checkedThread(clock)));
    HostedStrand.MAKERS.register(Reactor.class, FiberState::guests);
  }

  private final ReactorOptions options;
  private final Backend backend;
  private final EventLoop loop;
  private final Watchdog.@Nullable Watch watch;
  private final WovenTasks wovenTasks = new WovenTasks();
  private CpuAffinity.@Nullable Pin pin;
  private @Nullable Object attachment;
  private @Nullable Consumer<Object> cookieDestructor;
  private long fibersStarted;

  /** Fibers that have not ended and are in no bundle. */
  private int roots;

  /** The detached bundles that no other bundle owns. */
  private final Wards wards = new Wards(null);

  private boolean closed;

  private Reactor(ReactorOptions options, Backend backend, Clock clock) {
    this.options = options;
    this.backend = backend;
    boolean baton = options.fiberKind() == FiberKind.BATON;
    loop = new EventLoop(this, backend, clock, baton, UncaughtFailures::report);
    try {
      backend.onLeak(handle -> LeakWatch.report(handle, options.leakHandler()));
      loop.housekeeping(this::lookForLeaks);
      watch = options.stallLimit().isZero() ? null : watch();
    } catch (Throwable e) { // no memory, or no thread for the watchdog
      loop.abandon();
      throw e;
    }
  }

  private void lookForLeaks() {
    try {
      LeakWatch.look(backend, options.leakHandler());
    } catch (Throwable e) { // of the handler
      UncaughtFailures.report(e);
    }
  }

  /**
   * Opens a reactor with {@link ReactorOptions#defaults}.
   *
   * @return a reactor of the calling thread, to be closed by it
   * @throws ReactorUnavailableException if this system has no io_uring for us; says why, and what
   *     helps
   * @throws IllegalStateException if the thread has a reactor already, or is a virtual thread
   */
  public static Reactor open() throws ReactorUnavailableException {
    return open(ReactorOptions.defaults());
  }

  /**
   * Opens a reactor.
   *
   * @param options how to set it up
   * @return a reactor of the calling thread, to be closed by it
   * @throws ReactorUnavailableException if this system has no io_uring for us; says why, and what
   *     helps
   * @throws IllegalStateException if the thread has a reactor already, or is a virtual thread
   * @throws IllegalArgumentException if the thread may not run on the CPU asked for, or the system
   *     property {@code dev.weft.cpu} is none of its values
   */
  public static Reactor open(ReactorOptions options) throws ReactorUnavailableException {
    Clock clock = checkedThread(Clock.SYSTEM);
    int cpu = CpuAffinity.configured(options.cpu());
    int completions =
        Math.min(options.queueEntries() * COMPLETIONS_PER_ENTRY, COMPLETION_ENTRIES_MAX);
    UringBackend backend = openBackend(options.queueEntries(), completions);
    Reactor reactor = newReactor(options, backend, clock);
    try {
      // Last: the threads that the JDK starts while a reactor is made do not inherit the CPU then.
      reactor.pin = CpuAffinity.pin(cpu, backend.ring());
      return reactor;
    } catch (RuntimeException | Error e) {
      reactor.close();
      throw e;
    }
  }

  private static Reactor newReactor(ReactorOptions options, UringBackend backend, Clock clock) {
    try {
      return new Reactor(options, backend, clock);
    } catch (RuntimeException | Error e) {
      backend.close();
      throw e;
    }
  }

  /** Passes {@code clock} on if the calling thread may have a reactor. */
  private static Clock checkedThread(Clock clock) {
    Thread thread = Thread.currentThread();
    if (thread.isVirtual()) {
      throw new IllegalStateException("a reactor needs a platform thread, not " + thread);
    }
    if (EventLoop.current() != null) {
      throw new IllegalStateException(thread + " has a reactor already");
    }
    return clock;
  }

  private Watchdog.Watch watch() {
    long limitNanos = Deadline.saturatedNanos(options.stallLimit());
    return Watchdog.watch(loop, limitNanos, this::stalled);
  }

  private void stalled(String name, Thread.State state, StackTraceElement[] stack, long nanos) {
    boolean blocked =
        switch (state) {
          case BLOCKED, WAITING, TIMED_WAITING -> true;
          default -> false;
        };
    options
        .stallHandler()
        .accept(new Stall(name, Duration.ofNanos(nanos), blocked, List.of(stack)));
  }

  private static UringBackend openBackend(int entries, int completions)
      throws ReactorUnavailableException {
    try {
      return UringBackend.open(entries, completions);
    } catch (UnsatisfiedLinkError e) {
      ReactorUnavailableException unavailable =
          new ReactorUnavailableException(
              "the native library can't be loaded: " + e.getMessage(), Errno.UNKNOWN);
      unavailable.initCause(e);
      throw unavailable;
    }
  }

  /**
   * The reactor of the calling fiber or thread.
   *
   * @return an open reactor
   * @throws WrongThreadException if there is none
   */
  public static Reactor current() {
    EventLoop loop = EventLoop.current();
    if (loop == null) {
      throw new WrongThreadException("there is no reactor on " + Thread.currentThread());
    }
    return (Reactor) loop.owner();
  }

  /**
   * Runs {@code task} as a fiber, and every fiber that is started meanwhile, until all of them have
   * ended. If {@code task} fails, the others are cancelled. Detached bundles that the reactor owns
   * are closed when only their own fibers are left.
   *
   * @param task the first fiber
   * @throws Exception what ended {@code task}, as it is
   * @throws IllegalStateException if the reactor runs already, or is closed
   * @throws dev.weft.error.DeadlockException if each fiber waited for another; they have been
   *     cancelled
   */
  public void run(FiberTask task) throws Exception {
    runMain("run", task, false);
  }

  private FiberState runMain(String verb, Object task, boolean computes) throws Exception {
    requireIdle(verb);
    FiberState main = FiberState.main(this, task, computes);
    main.begin(Deadline.NEVER.nanoTime());
    Throwable deadlock = null;
    try {
      loop.run();
    } catch (RuntimeException e) {
      deadlock = e;
    }
    rethrow(deadlock, main.failure);
    return main;
  }

  /**
   * Runs {@code call} as {@link #run} does.
   *
   * @param <T> the type of the result
   * @param call the first fiber
   * @return its result, once every fiber has ended
   * @throws Exception what ended {@code call}, as it is
   * @throws IllegalStateException if the reactor runs already, or is closed
   * @throws dev.weft.error.DeadlockException if each fiber waited for another; they have been
   *     cancelled
   */
  @SuppressWarnings({"unchecked", "NullAway"}) // what the call has made; null if T allows it
  public <T> T call(FiberCall<T> call) throws Exception {
    return (T) runMain("call", call, true).result;
  }

  /** The deadlock comes first: what the cancelled fibers threw is its consequence. */
  private static void rethrow(@Nullable Throwable first, @Nullable Throwable second)
      throws Exception {
    Throwable thrown = first != null ? first : second;
    if (first != null && second != null) {
      Failures.suppress(first, second);
    }
    if (thrown instanceof Exception exception) {
      throw exception;
    }
    if (thrown instanceof Error error) {
      throw error;
    }
  }

  /**
   * Runs {@code action} on the reactor's thread, outside any fiber, soon. <b>Any thread.</b> It
   * wakes the reactor if it sleeps. The action must not suspend, but may start fibers; what it
   * throws goes to the thread's uncaught exception handler. If no fiber is running, it waits for
   * the next {@link #run}, or for {@link #close}.
   *
   * @param action what to run
   * @throws java.util.concurrent.RejectedExecutionException if the reactor is closed
   */
  @Override
  public void execute(Runnable action) {
    loop.execute(Objects.requireNonNull(action, "action"));
  }

  /**
   * What the reactor has done so far.
   *
   * @return counts since it was opened
   */
  public ReactorStats stats() {
    loop.requireThread("stats");
    BackendStats counts = backend.stats();
    return new ReactorStats(
        loop.turns(),
        loop.resumes(),
        counts.submissions,
        counts.enters,
        counts.completions,
        counts.deferred,
        counts.overflows,
        counts.stale,
        counts.retries,
        counts.wakeups);
  }

  /**
   * What all fibers are doing: for people who look for what hangs, and for tools.
   *
   * @return the tree of fibers and bundles
   */
  public Dump dump() {
    loop.requireThread("dump");
    return new DumpBuilder(loop).take(toString());
  }

  /**
   * How fibers are run: as asked for, or as the JVM allows.
   *
   * @return the kind
   */
  public FiberKind fiberKind() {
    return loop.passesBaton() ? FiberKind.BATON : FiberKind.SCHEDULED;
  }

  /**
   * The CPU that the reactor's thread is tied to.
   *
   * @return its number, or {@link ReactorOptions#UNPINNED}
   */
  public int cpu() {
    return pin == null ? ReactorOptions.UNPINNED : pin.cpu();
  }

  /**
   * Keeps one object of the user's with the reactor.
   *
   * @param <T> its type
   * @param cookie the object; one that was attached before is destroyed first
   * @param destructor called with it when the reactor is closed or another is attached
   * @throws IllegalStateException if the reactor is closed
   */
  public <T> void attach(T cookie, Consumer<? super T> destructor) {
    loop.requireThread("attach");
    if (closed) {
      throw new IllegalStateException("attach: the reactor is closed");
    }
    Objects.requireNonNull(cookie, "cookie");
    Objects.requireNonNull(destructor, "destructor");
    destroyCookie();
    this.attachment = cookie;
    @SuppressWarnings("unchecked") // called with this cookie only
    Consumer<Object> untyped = (Consumer<Object>) destructor;
    cookieDestructor = untyped;
  }

  /**
   * The object that was attached.
   *
   * @return the last one, or null
   */
  public @Nullable Object attachment() {
    loop.requireThread("attachment");
    return attachment;
  }

  private void destroyCookie() {
    Object old = attachment;
    Consumer<Object> destructor = cookieDestructor;
    attachment = null;
    cookieDestructor = null;
    if (old != null && destructor != null) {
      destructor.accept(old);
    }
  }

  /**
   * Cancels the fibers that have not ended and waits for them, cancels what the kernel still has in
   * hand and waits for that, closes what is still open and reports it ({@link
   * ReactorOptions#leakHandler()}), destroys the attachment, and gives everything back. Tasks that
   * have been given to {@link #execute} before are run; a fiber that one of them starts is
   * cancelled, so it runs until its first call that suspends. Does nothing the second time.
   *
   * @throws IllegalStateException if the reactor runs: none of its fibers can close it
   * @throws dev.weft.error.DeadlockException if the fibers waited for each other in shielded calls,
   *     which have been ended; everything is closed by then
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    requireIdle("close");
    closed = true;
    if (watch != null) {
      watch.close();
    }
    try {
      loop.close();
    } finally {
      try {
        if (pin != null) {
          pin.undo();
        }
      } finally {
        destroyCookie();
      }
    }
  }

  private void requireIdle(String verb) {
    loop.requireThread(verb);
    if (loop.isRunning()) {
      throw new IllegalStateException(verb + " must not be called while the reactor runs");
    }
    if (closed) {
      throw new IllegalStateException(verb + ": the reactor is closed");
    }
  }

  /** Whether a fiber that runs the user's {@code task} is to have no stack of its own. */
  boolean runsStackless(Object task) {
    return !options.stackful() && wovenTasks.include(task);
  }

  EventLoop loop() {
    return loop;
  }

  long nextFiberId() {
    return ++fibersStarted;
  }

  Wards wards() {
    return wards;
  }

  void rootStarted() {
    roots++;
  }

  /** Closes the detached bundles that are left when all fibers have ended but those in them. */
  void rootEnded() {
    roots--;
    if (roots == 0 && wards.newest() != null) {
      FiberState.of(this, "close detached bundles", this::closeWards)
          .begin(Deadline.NEVER.nanoTime());
    }
  }

  private void closeWards() {
    Strand closer = Strand.require("close");
    for (BundleState ward; (ward = wards.newest()) != null; ) {
      ward.closeByReactor(closer);
    }
  }

  void uncaught(Fiber fiber, Throwable failure) {
    try {
      options.uncaughtExceptionHandler().accept(fiber, failure);
    } catch (Throwable e) { // of the handler; what it was to handle must not be lost with it
      UncaughtFailures.report(failure);
      UncaughtFailures.report(e);
    }
  }

  @Override
  public String toString() {
    return "reactor on " + loop.thread().getName();
  }
}

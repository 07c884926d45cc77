// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.error.ReactorUnavailableException;
import dev.weft.internal.access.Opener;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.BackendStats;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.selector.SelectorBackend;
import dev.weft.internal.diag.LeakWatch;
import dev.weft.internal.diag.Watchdog;
import dev.weft.internal.failure.Failures;
import dev.weft.internal.failure.UncaughtFailures;
import dev.weft.internal.fiber.FiberState;
import dev.weft.internal.fiber.ReactorFibers;
import dev.weft.internal.fiber.WovenTasks;
import dev.weft.internal.io.ReceivePool;
import dev.weft.internal.os.CpuAffinity;
import dev.weft.internal.queue.Clock;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.HostedStrand;
import dev.weft.internal.strand.LoopListener;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Event loop that runs fibers and their io_uring operations on the thread that opened it.
 *
 * <p>
 *
 * {@snippet :
 * try (Reactor reactor = Reactor.open()) {
 *   reactor.run(() -> serve(address));
 * }
 * }
 *
 * <p>A running fiber uses the stack of the reactor's thread; while it waits, its frames are on the
 * heap. So the stack size of that thread limits the fiber's stack depth ({@link
 * StackOverflowError}). Give the thread a stack of at least 1 MiB, which is the JVM's default on
 * x86-64 ({@code -Xss}, {@link Thread.Builder.OfPlatform#stackSize}, or {@link
 * ReactorOptions#withStackBytes}).
 *
 * <p>A thread has at most one reactor at a time, and must be a platform thread. Objects created in
 * a reactor belong to it. Only {@link #execute} may be called from other threads. {@link #start}
 * makes a reactor for a program whose own threads are busy otherwise.
 */
public final class Reactor implements AutoCloseable, Executor {
  static {
    Opener.Registry.register(
        (options, backend, clock) ->
            new Reactor((ReactorOptions) options, backend, checkedThread(clock)));
    HostedStrand.MAKERS.register(Reactor.class, Fiber::hostedStrands);
    Failures.prepare();
  }

  private final ReactorOptions options;
  private final Backend backend;
  private final EventLoop loop;
  private final LeakWatch.Listener leakListener;
  private final Watchdog.@Nullable Watch watch;
  private final Fibers fibers;
  private CpuAffinity.@Nullable Pin pin;
  private @Nullable Object attachment;
  private @Nullable Consumer<Object> attachmentDestructor;
  private boolean closed;

  private Reactor(ReactorOptions options, Backend backend, Clock clock) {
    this.options = options;
    this.backend = backend;
    boolean baton = options.fiberKind() == FiberKind.BATON;
    leakListener = Leak.listener(options.leakHandler());
    loop = new EventLoop(this, backend, clock, baton, UncaughtFailures::report);
    try {
      loop.spin.limit(Deadline.saturatedNanos(options.spin()));
      loop.extensions.put(ReceivePool.class, new ReceivePool(loop, options.receivePoolBytes()));
      fibers = new Fibers(loop, options);
      backend.onLeak(handle -> LeakWatch.report(handle, leakListener));
      loop.housekeeping(this::lookForLeaks);
      watch = options.stallLimit().isZero() ? null : watch();
    } catch (Throwable e) { // out of memory, or no thread for the watchdog
      loop.abandon();
      throw e;
    }
  }

  private void lookForLeaks() {
    try {
      LeakWatch.check(backend, leakListener);
    } catch (Throwable e) { // thrown by the handler
      UncaughtFailures.report(e);
    }
  }

  /**
   * Opens a reactor with {@link ReactorOptions#defaults}.
   *
   * @return a reactor that the calling thread owns and must close
   * @throws ReactorUnavailableException if the backend that the options ask for is not available;
   *     the message names the cause and the remedy
   * @throws IllegalStateException if the thread has a reactor already, or is a virtual thread
   */
  public static Reactor open() throws ReactorUnavailableException {
    return open(ReactorOptions.defaults());
  }

  /**
   * Opens a reactor.
   *
   * @param options the settings
   * @return a reactor that the calling thread owns and must close
   * @throws ReactorUnavailableException if the backend that the options ask for is not available;
   *     the message names the cause and the remedy
   * @throws IllegalStateException if the thread has a reactor already, or is a virtual thread
   * @throws IllegalArgumentException if the thread may not run on the requested CPU, or the value
   *     of the system property {@code dev.weft.cpu} is invalid
   */
  public static Reactor open(ReactorOptions options) throws ReactorUnavailableException {
    Clock clock = checkedThread(Clock.SYSTEM);
    int cpu = CpuAffinity.configured(options.cpu());
    Backend backend = options.backend().open(options);
    Reactor reactor = newReactor(options, backend, clock);
    try {
      // Last, so that threads that the JDK starts during opening do not inherit the CPU.
      if (backend.has(Capability.CPU_AFFINITY)) {
        reactor.pin = CpuAffinity.pin(cpu, backend::pinWorkers);
      }
      return reactor;
    } catch (RuntimeException | Error e) {
      reactor.close();
      throw e;
    }
  }

  /**
   * Starts a thread with a reactor, for calls of other threads, and waits until the reactor is
   * open. May be called from any thread. Suspends in a fiber of another reactor, even in a
   * cancelled one.
   *
   * @param name the name of the thread
   * @param options the settings of the reactor
   * @return a reactor that must be closed
   * @throws ReactorUnavailableException if the backend that the options ask for is not available;
   *     the message names the cause and the remedy
   * @throws IllegalArgumentException if the thread may not run on the requested CPU, or the value
   *     of the system property {@code dev.weft.cpu} is invalid
   */
  public static ReactorThread start(String name, ReactorOptions options)
      throws ReactorUnavailableException {
    return ReactorThread.start(name, options, failure -> {});
  }

  private static Reactor newReactor(ReactorOptions options, Backend backend, Clock clock) {
    try {
      return new Reactor(options, backend, clock);
    } catch (RuntimeException | Error e) {
      backend.close();
      throw e;
    }
  }

  /** Returns {@code clock}; throws if the calling thread can't have a reactor. */
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
    return Watchdog.watch(loop, Deadline.saturatedNanos(options.stallLimit()), this::stalled);
  }

  private void stalled(String name, Thread.State state, StackTraceElement[] stack, long nanos) {
    LoopListener observer = loop.listener();
    if (observer != null) {
      observer.stalled(name, stack, nanos);
    }
    options.stallHandler().accept(new Stall(name, state, stack, nanos));
  }

  /**
   * {@return the open reactor of the calling fiber or thread}
   *
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
   * ended. If {@code task} fails, the other fibers are cancelled. The reactor closes the detached
   * bundles that it owns when only their fibers are left.
   *
   * @param task the code of the first fiber
   * @throws Exception what {@code task} throws, unwrapped
   * @throws IllegalStateException if the reactor is running or closed
   * @throws dev.weft.error.DeadlockException if each fiber waited for another; they have been
   *     cancelled
   */
  public void run(FiberTask task) throws Exception {
    runMain("run", task, false);
  }

  private FiberState runMain(String verb, Object task, boolean computes) throws Exception {
    requireIdle(verb);
    fibers.keepWards(false);
    FiberState main = Fiber.main(fibers, task, computes);
    main.begin(Deadline.NEVER.nanoTime());
    return ended(main, loop::run);
  }

  /** Runs the loop, and returns {@code main}; throws what its code has thrown. */
  private static FiberState ended(FiberState main, Runnable loopRun) throws Exception {
    Throwable deadlock = null;
    try {
      loopRun.run();
    } catch (RuntimeException e) {
      deadlock = e;
    }
    rethrow(deadlock, main.failure());
    return main;
  }

  /**
   * Runs {@code call} as {@link #run} does, and returns its result.
   *
   * @param <T> the type of the result
   * @param call the code of the first fiber
   * @return what {@code call} returns, once every fiber has ended
   * @throws Exception what {@code call} throws, unwrapped
   * @throws IllegalStateException if the reactor is running or closed
   * @throws dev.weft.error.DeadlockException if each fiber waited for another; they have been
   *     cancelled
   */
  @SuppressWarnings({"unchecked", "NullAway"}) // the result of the call; null only if T allows it
  public <T> T call(FiberCall<T> call) throws Exception {
    return (T) runMain("call", call, true).result();
  }

  /**
   * Runs {@code call} as a fiber until it has ended, and the other fibers meanwhile. Those that
   * have not ended then wait until the reactor runs again; the failure of {@code call} does not
   * cancel them. So a program without a fiber around it can use every operation, one after the
   * other. Detached bundles that the reactor owns stay open, until {@link #run} or {@link #close}.
   *
   * @param <T> the type of the result
   * @param call the code of the fiber
   * @return what {@code call} returns
   * @throws Exception what {@code call} throws, unwrapped
   * @throws IllegalStateException if the reactor is closed or running: in a fiber, operations are
   *     called without this
   * @throws dev.weft.error.DeadlockException if each fiber waited for another; all of them have
   *     been cancelled
   */
  @SuppressWarnings({"unchecked", "NullAway"}) // the result of the call; null only if T allows it
  public <T> T await(FiberCall<T> call) throws Exception {
    requireIdle("await");
    fibers.keepWards(true);
    FiberState awaited = Fiber.awaited(fibers, call);
    awaited.begin(Deadline.NEVER.nanoTime());
    return (T) ended(awaited, () -> loop.runUntilEnded(awaited.strand())).result();
  }

  /**
   * {@return whether there is something left to run: fibers that have not ended, or actions given
   * to {@link #execute}}
   */
  public boolean isRunnable() {
    loop.requireThread("isRunnable");
    return loop.isRunnable();
  }

  /**
   * Runs one turn and does not wait: fibers that can run, at most some dozens; actions given to
   * {@link #execute}; and what the system has completed makes fibers ready for the next turn.
   * Fibers that wait for each other are no deadlock, since the program can continue them.
   *
   * @return whether something is left, as {@link #isRunnable()}
   * @throws IllegalStateException if the reactor is running or closed
   */
  public boolean runOnce() {
    return runOnce(Deadline.NOW);
  }

  /**
   * As {@link #runOnce()}, but if nothing can run, waits until something has happened or {@code
   * deadline} passes.
   *
   * @param deadline when to stop waiting; with {@link Deadline#NEVER} the thread can wait forever
   * @return whether something is left, as {@link #isRunnable()}
   * @throws IllegalStateException if the reactor is running or closed
   */
  public boolean runOnce(Deadline deadline) {
    requireIdle("runOnce");
    fibers.keepWards(true);
    loop.runOnce(deadline.nanoTime());
    return loop.isRunnable();
  }

  /** Throws the deadlock rather than what the cancelled fibers threw, which is its consequence. */
  private static void rethrow(@Nullable Throwable first, @Nullable Throwable second)
      throws Exception {
    if (first != null && second != null) {
      Failures.suppress(first, second);
    }
    Failures.throwIfAny(first != null ? first : second);
  }

  /**
   * Queues {@code action} to run on the reactor's thread, outside any fiber. <b>May be called from
   * any thread.</b> Wakes the reactor if it sleeps. The action must not suspend, but may start
   * fibers; its exceptions go to the thread's uncaught exception handler. If the reactor is not
   * running, the action runs in the next {@link #run} or in {@link #close}.
   *
   * @param action what to run
   * @throws java.util.concurrent.RejectedExecutionException if the reactor is closed
   */
  @Override
  public void execute(Runnable action) {
    loop.execute(Objects.requireNonNull(action, "action"));
  }

  /** {@return the counters since the reactor was opened} */
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
        counts.wakeups,
        loop.spin.count(),
        loop.spin.hits());
  }

  /** {@return a snapshot of all fibers and bundles, to find out what hangs} */
  public Dump dump() {
    loop.requireThread("dump");
    return Dump.of(loop, toString());
  }

  /**
   * {@return what carries out the I/O: {@link BackendKind#IO_URING}, as in a simulation too, or
   * {@link BackendKind#SELECTOR}}
   */
  public BackendKind backend() {
    return backend instanceof SelectorBackend ? BackendKind.SELECTOR : BackendKind.IO_URING;
  }

  /** {@return how fibers with a stack are run: as configured, or as the JVM allows} */
  public FiberKind fiberKind() {
    return loop.passesBaton() ? FiberKind.BATON : FiberKind.SCHEDULED;
  }

  /**
   * {@return the number of the CPU to which the reactor's thread is pinned, or {@link
   * ReactorOptions#UNPINNED}}
   */
  public int cpu() {
    return pin == null ? ReactorOptions.UNPINNED : pin.cpu();
  }

  /**
   * Attaches an object to the reactor, and destroys the previous attachment.
   *
   * @param <T> the type of the object
   * @param attachment the object
   * @param destructor called with the object when the reactor is closed or another object is
   *     attached
   * @throws IllegalStateException if the reactor is closed
   */
  public <T> void attach(T attachment, Consumer<? super T> destructor) {
    loop.requireThread("attach");
    if (closed) {
      throw new IllegalStateException("attach: the reactor is closed");
    }
    Objects.requireNonNull(attachment, "attachment");
    Objects.requireNonNull(destructor, "destructor");
    destroyAttachment();
    this.attachment = attachment;
    @SuppressWarnings("unchecked") // called with this attachment only
    Consumer<Object> untyped = (Consumer<Object>) destructor;
    attachmentDestructor = untyped;
  }

  /** {@return the attached object, or null if there is none} */
  public @Nullable Object attachment() {
    loop.requireThread("attachment");
    return attachment;
  }

  /**
   * Takes the attached object away from the reactor, which does not destroy it then.
   *
   * @return the object, now the caller's, or null if there is none
   */
  public @Nullable Object detach() {
    loop.requireThread("detach");
    Object old = attachment;
    attachment = null;
    attachmentDestructor = null;
    return old;
  }

  private void destroyAttachment() {
    Consumer<Object> destructor = attachmentDestructor;
    Object old = detach();
    if (old != null && destructor != null) {
      destructor.accept(old);
    }
  }

  /**
   * Closes the reactor: cancels the fibers that have not ended and waits for them, cancels
   * operations still in flight in the kernel and waits for them, closes and reports resources that
   * are still open ({@link ReactorOptions#leakHandler()}), destroys the attachment, and releases
   * the ring and its memory. Actions given to {@link #execute} before are run; a fiber that one of
   * them starts is cancelled, so it runs until its first suspending call. Does nothing if the
   * reactor is closed.
   *
   * @throws IllegalStateException if the reactor is running: its own fibers can't close it
   * @throws dev.weft.error.DeadlockException if the fibers waited for each other in shielded calls;
   *     these calls have been ended, and the reactor is closed
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
    fibers.keepWards(false);
    try {
      loop.close();
    } finally {
      try {
        if (pin != null) {
          pin.undo();
        }
      } finally {
        destroyAttachment();
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

  ReactorFibers fibers() {
    return fibers;
  }

  @Override
  public String toString() {
    return "reactor on " + loop.thread().getName() + " (" + backend.name() + ")";
  }

  /** What the fibers share. It refers to the options rather than to the reactor. */
  private static final class Fibers extends ReactorFibers {
    private static final WovenTasks.Classes WOVEN =
        new WovenTasks.Classes(Map.of(FiberTask.class, "run", FiberCall.class, "call"));

    private final ReactorOptions options;
    private final WovenTasks wovenTasks = new WovenTasks(WOVEN);

    Fibers(EventLoop loop, ReactorOptions options) {
      super(loop);
      this.options = options;
    }

    @Override
    protected boolean runsStackless(Object task) {
      return !options.stackful() && wovenTasks.include(task);
    }

    @Override
    protected void startClosingWards() {
      Fiber.root(this, "close detached bundles", this::closeWards).begin(Deadline.NEVER.nanoTime());
    }

    @Override
    protected void uncaught(Object fiber, Throwable failure) {
      try {
        options.uncaughtExceptionHandler().accept((Fiber) fiber, failure);
      } catch (Throwable e) { // thrown by the handler; the fiber's failure must not be lost
        UncaughtFailures.report(failure);
        UncaughtFailures.report(e);
      }
    }
  }
}

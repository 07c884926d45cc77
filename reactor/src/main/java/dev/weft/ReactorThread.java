// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.error.CancelledException;
import dev.weft.error.ReactorUnavailableException;
import dev.weft.internal.cross.CrossThreadLatch;
import dev.weft.internal.cross.LoopMessage;
import dev.weft.internal.failure.Failures;
import dev.weft.internal.failure.UncaughtFailures;
import dev.weft.internal.fiber.FiberState;
import dev.weft.internal.fiber.ReactorFibers;
import dev.weft.internal.fiber.Services;
import dev.weft.internal.fiber.Submission;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.ThreadEnd;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A reactor on a thread of its own, inside a program that has other threads. {@link Reactor#start}
 * makes one. <b>All methods may be called from any thread.</b>
 *
 * <p>
 *
 * {@snippet :
 * try (ReactorThread reactor = Reactor.start("lookups", ReactorOptions.defaults())) {
 *   CompletableFuture<String> answer = reactor.submit(() -> lookUp(name));
 *   System.out.println(answer.get());
 * } // cancels what still runs, and waits for the end of the thread
 * }
 *
 * <p>The thread keeps the JVM running until it is closed. Its stack is as large as {@link
 * ReactorOptions#stackBytes} says.
 */
public final class ReactorThread implements AutoCloseable, Executor {
  private final String name;
  private final ReactorOptions options;
  private final Consumer<? super Throwable> onFailure;
  private final Thread thread;
  private final CrossThreadLatch opened = new CrossThreadLatch();
  private final CrossThreadLatch ended = new CrossThreadLatch();

  /** The number of submitted calls that have not ended. */
  private final AtomicInteger running = new AtomicInteger();

  /** The submitted calls that have been started and have not ended; on the reactor's thread. */
  private final Set<Submission<?>> started = new HashSet<>();

  private volatile @Nullable Reactor reactor;
  private volatile @Nullable Shutdown shutdown;
  private volatile boolean closing;

  /** Why the reactor could not be opened, or has ended unasked. */
  private volatile @Nullable Throwable failure;

  /** Whether a close has thrown the failure. Guarded by this. */
  private boolean failureThrown;

  private ReactorThread(
      String name, ReactorOptions options, Consumer<? super Throwable> onFailure) {
    this.name = Objects.requireNonNull(name, "name");
    this.options = Objects.requireNonNull(options, "options");
    this.onFailure = onFailure;
    thread = Thread.ofPlatform().name(name).stackSize(options.stackBytes()).unstarted(this::run);
  }

  /** Starts a thread; {@code onFailure} gets the reason, at its end, if its reactor has failed. */
  static ReactorThread start(
      String name, ReactorOptions options, Consumer<? super Throwable> onFailure)
      throws ReactorUnavailableException {
    ReactorThread made = new ReactorThread(name, options, onFailure);
    made.begin();
    return made;
  }

  private void begin() throws ReactorUnavailableException {
    thread.start();
    boolean open = false;
    try {
      opened.awaitShielded("start", this, TimerQueue.NEVER);
      open = true;
    } finally {
      if (!open) { // the caller can't wait
        requestEnd(Deadline.NOW);
      }
    }
    Throwable reason = reactor == null ? failure : null;
    if (reason == null) {
      return;
    }
    ThreadEnd.await(thread); // its last instructions depend on no fiber
    if (reason instanceof ReactorUnavailableException unavailable) {
      throw unavailable;
    }
    throw Failures.unchecked(reason);
  }

  // ---- on its own thread

  private void run() {
    try (Reactor open = Reactor.open(options)) {
      EventLoop loop = open.fibers().loop();
      Shutdown message = new Shutdown(loop, open.fibers().services());
      shutdown = message;
      reactor = open;
      if (closing) { // who started it could not wait
        message.request(Deadline.NOW.nanoTime());
      }
      opened.release();
      try {
        open.run(message::await);
      } finally {
        loop.timers().remove(message.timer);
      }
    } catch (Throwable e) {
      failure = e;
    }
    closing = true;
    Throwable reason = failure;
    if (reason != null) {
      failAll(reason);
    }
    boolean wasOpen = reactor != null;
    opened.release();
    ended.release();
    if (reason != null && wasOpen) {
      UncaughtFailures.report(reason);
      onFailure.accept(reason);
    }
  }

  /** Completes the futures of fibers that will not be run to their end. */
  private void failAll(Throwable reason) {
    for (Submission<?> left : List.copyOf(started)) {
      left.fail(new IllegalStateException(this + " has failed", reason));
    }
  }

  /** A submitted call. */
  private static final class Call<T extends @Nullable Object> extends Submission<T> {
    private final ReactorThread owner;

    /** A {@link FiberTask}, or if it {@link #computes} a {@link FiberCall}. */
    private final Object code;

    private final boolean computes;

    Call(ReactorThread owner, Object code, boolean computes, Runnable onEnd) {
      super(owner.fibers().loop(), code, onEnd);
      this.owner = owner;
      this.code = code;
      this.computes = computes;
    }

    @Override
    protected FiberState begun() {
      FiberState fiber = Fiber.submitted(owner.fibers(), code, computes, this);
      owner.started.add(this);
      return fiber;
    }

    @Override
    protected void left() {
      owner.running.decrementAndGet();
      owner.started.remove(this);
    }
  }

  private ReactorFibers fibers() {
    return open().fibers();
  }

  /** Ends the thread's first fiber, and later cancels all others. */
  private static final class Shutdown extends LoopMessage {
    private static final String CALLS = "calls of other threads";

    private final EventLoop loop;
    private final Services services;
    private final WaitList waiters = new WaitList();
    private boolean requested;

    /** When the fibers are to be cancelled, on the reactor's clock. Guarded by this. */
    private long cancelTime = TimerQueue.NEVER;

    final TimerQueue.Timer timer =
        new TimerQueue.Timer() {
          @Override
          protected void expired() {
            loop.cancelAll();
          }
        };

    Shutdown(EventLoop loop, Services services) {
      super(loop);
      this.loop = loop;
      this.services = services;
    }

    /** Run by the first fiber, whose end lets the reactor end. Suspends. */
    void await() {
      Strand strand = Strand.require("await");
      try {
        while (!requested) {
          strand.await(waiters, "await", CALLS, TimerQueue.NEVER, WaitMode.EXTERNAL);
        }
        services.drain();
      } catch (CancelledException e) {
        // All fibers are cancelled, on request or because the loop has failed.
      }
    }

    void request(long cancelTime) {
      synchronized (this) {
        this.cancelTime = Math.min(this.cancelTime, cancelTime);
      }
      post();
    }

    private synchronized long cancelTime() {
      return cancelTime;
    }

    @Override
    protected void arrive() {
      requested = true;
      waiters.wakeAll();
      long time = cancelTime();
      if (time <= loop.clock().nanoTime()) {
        loop.cancelAll();
      } else if (time != TimerQueue.NEVER) {
        loop.timers().arm(timer, time);
      }
    }

    @Override
    public String toString() {
      return "shutdown";
    }
  }

  // ---- calls

  /**
   * Runs a call as a fiber of this reactor. Does not wait. Completing the future in another way,
   * such as {@link CompletableFuture#cancel} or {@link CompletableFuture#orTimeout}, cancels the
   * fiber. Actions that depend on the future, unless they are of the methods named {@code
   * ...Async}, can run on the reactor's thread, outside any fiber: they must not block.
   *
   * @param <T> the type of the result
   * @param call the code of the fiber
   * @return a future of the result, or of what the call throws; it is cancelled if the fiber was,
   *     because the reactor is closed
   * @throws RejectedExecutionException if the reactor is closed, is being shut down or has failed
   */
  public <T extends @Nullable Object> CompletableFuture<T> submit(FiberCall<T> call) {
    return submit(Objects.requireNonNull(call, "call"), true, ReactorThread::ignoreEnd);
  }

  /**
   * Runs a task as a fiber of this reactor: see {@link #submit(FiberCall)}.
   *
   * @param task the code of the fiber
   * @return a future of the end
   * @throws RejectedExecutionException if the reactor is closed, is being shut down or has failed
   */
  public CompletableFuture<@Nullable Void> submit(FiberTask task) {
    return submit(Objects.requireNonNull(task, "task"), false, ReactorThread::ignoreEnd);
  }

  private static void ignoreEnd() {}

  /** As above; {@code onEnd} runs on the reactor's thread when the fiber has ended. */
  <T extends @Nullable Object> CompletableFuture<T> submit(
      Object code, boolean computes, Runnable onEnd) {
    if (closing) {
      throw refusal();
    }
    Submission<T> submission = new Call<>(this, code, computes, onEnd);
    running.incrementAndGet();
    if (!submission.post()) {
      running.decrementAndGet();
      throw refusal();
    }
    return submission.future();
  }

  /**
   * Runs an action on the reactor's thread, outside any fiber: see {@link Reactor#execute}.
   *
   * @param action what to run; must not suspend or block
   * @throws RejectedExecutionException if the reactor is closed, is being shut down or has failed
   */
  @Override
  public void execute(Runnable action) {
    if (closing) {
      throw refusal();
    }
    open().execute(action);
  }

  private RejectedExecutionException refusal() {
    Throwable reason = failure;
    return reason == null
        ? new RejectedExecutionException(this + " is closed")
        : new RejectedExecutionException(this + " has failed", reason);
  }

  private Reactor open() {
    Reactor known = reactor;
    assert known != null; // users get no thread whose reactor has not been opened
    return known;
  }

  // ---- closing

  /**
   * Refuses further calls, lets its servers ({@link dev.weft.net.TcpServer}, {@link
   * dev.weft.micro.MicroService}) stop accepting, and waits until all fibers have ended; when
   * {@code grace} has passed, those that are left are cancelled. Returns when the thread has ended.
   * Suspends in a fiber. If called again meanwhile, the earliest deadline counts.
   *
   * @param grace when to cancel the fibers; with {@link Deadline#NEVER} they are not cancelled
   * @throws CancelledException if the calling fiber is cancelled or the calling thread interrupted,
   *     whose interrupt status stays set; then the fibers are cancelled immediately, and the thread
   *     has ended all the same
   * @throws IllegalStateException if the reactor has failed, with the reason as the cause, and no
   *     other call has thrown this; or if the caller is a fiber of this reactor, which would wait
   *     for itself
   */
  public void shutdown(Deadline grace) {
    begin("shut down", grace);
    CancelledException cancelled = null;
    try {
      ended.await("shut down", this, TimerQueue.NEVER);
    } catch (CancelledException e) {
      cancelled = e;
    }
    if (cancelled != null) {
      end("shut down");
      throw cancelled;
    }
    ThreadEnd.await(thread); // its last instructions depend on no fiber
    throwFailure();
  }

  /**
   * Refuses further calls, cancels all fibers, and waits until they and the thread have ended,
   * however long their cleanups take: neither a cancel nor an interrupt ends the wait. Suspends in
   * a fiber, even in a cancelled one. Does nothing if it is closed.
   *
   * @throws IllegalStateException if the reactor has failed, with the reason as the cause, and no
   *     other call has thrown this; or if the caller is a fiber of this reactor, which would wait
   *     for itself
   */
  @Override
  public void close() {
    end("close");
    throwFailure();
  }

  private void end(String verb) {
    begin(verb, Deadline.NOW);
    ended.awaitShielded(verb, this, TimerQueue.NEVER);
    ThreadEnd.await(thread); // its last instructions depend on no fiber
  }

  private void begin(String verb, Deadline cancelTime) {
    if (isCaller()) {
      throw new IllegalStateException(
          "the fibers of " + this + " can't " + verb + " it: they would wait for themselves");
    }
    requestEnd(cancelTime);
  }

  /** Whether the caller runs on this thread. */
  boolean isCaller() {
    return Thread.currentThread() == thread || EventLoop.current() == open().fibers().loop();
  }

  /** Refuses further calls; the fibers are cancelled at {@code cancelTime}. Does not wait. */
  void requestEnd(Deadline cancelTime) {
    closing = true;
    Shutdown message = shutdown;
    if (message != null) {
      message.request(cancelTime.nanoTime());
    }
  }

  private void throwFailure() {
    Throwable reason = failure;
    if (reason == null) {
      return;
    }
    synchronized (this) {
      if (failureThrown) {
        return;
      }
      failureThrown = true;
    }
    throw new IllegalStateException(this + " has failed: " + Failures.text(reason), reason);
  }

  // ---- state

  /** {@return whether it takes calls: it has neither failed nor been closed or shut down} */
  public boolean isOpen() {
    return !closing;
  }

  /** {@return the number of submitted calls that have not ended} */
  public int running() {
    return running.get();
  }

  /** {@return the name of the thread} */
  public String name() {
    return name;
  }

  /** {@return what carries out the I/O: see {@link Reactor#backend}} */
  public BackendKind backend() {
    return open().backend();
  }

  /** {@return the CPU to which the thread is pinned: see {@link Reactor#cpu}} */
  public int cpu() {
    return open().cpu();
  }

  @Override
  public String toString() {
    return "the reactor of thread " + name;
  }
}

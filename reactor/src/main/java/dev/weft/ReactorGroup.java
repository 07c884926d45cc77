// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.error.CancelledException;
import dev.weft.error.ReactorUnavailableException;
import dev.weft.internal.cross.CrossThreadLatch;
import dev.weft.internal.failure.Failures;
import dev.weft.internal.os.CpuAffinity;
import dev.weft.internal.queue.TimerQueue;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Several reactors, each on a thread of its own: one for each CPU, for instance. <b>All methods may
 * be called from any thread.</b>
 *
 * <p>
 *
 * {@snippet :
 * try (ReactorGroup group = ReactorGroup.start()) {
 *   group.run(() -> serve(address)); // on each reactor, with a shared port
 * }
 * }
 *
 * <p>Reactors share nothing: each has its own fibers and ring. If one of them fails, which is a
 * defect or a lack of memory, the fibers of the others are cancelled, and all of them end. The
 * threads keep the JVM running until the group is closed.
 */
public final class ReactorGroup implements AutoCloseable {
  private static final String NAME_DEFAULT = "reactor";
  private static final int REACTORS_MAX = 1024;

  private final String name;

  /** It grows only while the group is started. */
  private final List<ReactorThread> reactors = new CopyOnWriteArrayList<>();

  /** The reactor at which the search for the least loaded one begins. */
  private final AtomicInteger turn = new AtomicInteger();

  /** Why the first reactor that failed has failed, or null. */
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  private ReactorGroup(String name) {
    this.name = name;
  }

  /**
   * Starts a reactor for each CPU that the JVM may use, pinned to it where the backend allows that.
   * Suspends in a fiber of another reactor, even in a cancelled one.
   *
   * @return a group that must be closed
   * @throws ReactorUnavailableException if the backend is not available; no reactor is left then
   */
  public static ReactorGroup start() throws ReactorUnavailableException {
    return start(CpuAffinity.available());
  }

  /**
   * Starts reactors, pinned to different CPUs as long as there are enough, where the backend allows
   * that. Suspends in a fiber of another reactor, even in a cancelled one.
   *
   * @param count how many, from 1 to 1024
   * @return a group that must be closed
   * @throws ReactorUnavailableException if the backend is not available; no reactor is left then
   */
  public static ReactorGroup start(int count) throws ReactorUnavailableException {
    ReactorOptions pinned = ReactorOptions.defaults().withCpu(ReactorOptions.ANY_CPU);
    return start(NAME_DEFAULT, count, pinned);
  }

  /**
   * Starts reactors. Suspends in a fiber of another reactor, even in a cancelled one.
   *
   * @param name the names of the threads begin with it; a hyphen and a number from 1 on follow
   * @param count how many, from 1 to 1024
   * @param options of each of them. With {@link ReactorOptions#ANY_CPU} they are pinned to
   *     different CPUs as long as there are enough
   * @return a group that must be closed
   * @throws ReactorUnavailableException if the backend that the options ask for is not available;
   *     no reactor is left then
   * @throws IllegalArgumentException if the options pin several reactors to one CPU, or to one that
   *     the threads may not run on
   */
  public static ReactorGroup start(String name, int count, ReactorOptions options)
      throws ReactorUnavailableException {
    Objects.requireNonNull(name, "name");
    if (count < 1 || count > REACTORS_MAX) {
      throw new IllegalArgumentException(
          "a group has from 1 to " + REACTORS_MAX + " reactors: " + count);
    }
    if (count > 1 && options.cpu() >= 0) {
      throw new IllegalArgumentException(
          "the options pin " + count + " reactors to CPU " + options.cpu() + ": use ANY_CPU");
    }
    ReactorGroup group = new ReactorGroup(name);
    try {
      for (int i = 1; i <= count; i++) {
        group.reactors.add(ReactorThread.start(name + "-" + i, options, group::failed));
      }
    } catch (Throwable e) {
      group.endAfter(e);
      throw e;
    }
    if (group.failure.get() != null) { // while others were being started
      group.end();
    }
    return group;
  }

  /** Ends the others when a reactor has failed. */
  private void failed(Throwable reason) {
    failure.compareAndSet(null, reason);
    requestEnd(Deadline.NOW);
  }

  private void requestEnd(Deadline cancelTime) {
    for (ReactorThread reactor : reactors) {
      reactor.requestEnd(cancelTime);
    }
  }

  // ---- calls

  /**
   * Runs a task as a fiber on each reactor, and waits until all have ended. If one fails, the
   * others are cancelled. Suspends in a fiber of another reactor.
   *
   * @param onEach the code of each fiber; {@link Reactor#current} is the reactor it runs on
   * @throws Exception what the first task that failed has thrown, unwrapped; what another one threw
   *     at the same time is suppressed in it, and what one threw after it had been cancelled goes
   *     to {@link ReactorOptions#uncaughtExceptionHandler}
   * @throws CancelledException if the calling fiber is cancelled or the calling thread interrupted,
   *     whose interrupt status stays set; the tasks have been cancelled and have ended then; or if
   *     the group is closed meanwhile
   * @throws RejectedExecutionException if the group is closed, is being shut down or has failed
   * @throws IllegalStateException if the caller is a fiber of this group, which would wait for
   *     itself
   */
  public void run(FiberTask onEach) throws Exception {
    run(onEach, Deadline.NEVER);
  }

  /**
   * Runs a task on each reactor as {@link #run(FiberTask)} does, and cancels the tasks at a
   * deadline. Suspends in a fiber of another reactor.
   *
   * @param onEach the code of each fiber
   * @param deadline when to cancel the tasks
   * @throws dev.weft.error.DeadlineExceededException if they had not ended by then; now they have
   * @throws Exception as {@link #run(FiberTask)}
   */
  public void run(FiberTask onEach, Deadline deadline) throws Exception {
    Objects.requireNonNull(onEach, "onEach");
    requireOutside("wait for");
    throwIfFailed();
    Runs runs = new Runs();
    try {
      for (ReactorThread reactor : reactors) {
        runs.start(reactor, onEach);
      }
      runs.startedAll();
      runs.ended.await("run", onEach, deadline.nanoTime());
    } catch (RuntimeException | Error e) { // refused, cancelled or too late
      runs.startedAll();
      runs.cancel();
      runs.ended.awaitShielded("run", onEach, TimerQueue.NEVER);
      throw e;
    }
    runs.throwFailure();
  }

  /** The fibers of one {@link #run}. */
  private static final class Runs {
    final CrossThreadLatch ended = new CrossThreadLatch();
    private final List<CompletableFuture<?>> futures = new CopyOnWriteArrayList<>();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();

    /** The number of fibers that have not ended, and 1 until all have been started. */
    private final AtomicInteger left = new AtomicInteger(1);

    private final AtomicBoolean startedAll = new AtomicBoolean();
    private volatile boolean cancelled;

    void start(ReactorThread reactor, FiberTask onEach) {
      left.incrementAndGet();
      boolean started = false;
      try {
        CompletableFuture<?> future = reactor.submit(onEach, false, this::ended);
        started = true;
        futures.add(future);
        var _ = future.whenComplete((nothing, thrown) -> completed(thrown));
        if (cancelled) { // meanwhile, because another one has failed
          future.cancel(false);
        }
      } finally {
        if (!started) {
          ended();
        }
      }
    }

    void startedAll() {
      if (startedAll.compareAndSet(false, true)) {
        ended();
      }
    }

    private void ended() {
      if (left.decrementAndGet() == 0) {
        ended.release();
      }
    }

    private void completed(@Nullable Throwable thrown) {
      if (thrown != null && !(cancelled && thrown instanceof CancellationException)) {
        failures.add(thrown);
        cancel();
      }
    }

    void cancel() {
      cancelled = true;
      futures.forEach(future -> future.cancel(false));
    }

    void throwFailure() {
      if (failures.isEmpty()) {
        return;
      }
      Throwable first = failures.getFirst();
      failures.stream().skip(1).forEach(later -> Failures.suppress(first, later));
      if (first instanceof CancellationException) {
        throw new CancelledException("run: the group was closed");
      }
      throw Failures.unchecked(first);
    }
  }

  /**
   * Runs a call as a fiber of the reactor with the fewest submitted calls that have not ended, of
   * several such reactors on one after the other. Does not wait. See {@link
   * ReactorThread#submit(FiberCall)}.
   *
   * @param <T> the type of the result
   * @param call the code of the fiber
   * @return a future of the result, or of what the call throws
   * @throws RejectedExecutionException if the group is closed, is being shut down or has failed
   */
  public <T extends @Nullable Object> CompletableFuture<T> submit(FiberCall<T> call) {
    return leastLoaded().submit(call);
  }

  /**
   * Runs a task as a fiber of one of the reactors: see {@link #submit(FiberCall)}.
   *
   * @param task the code of the fiber
   * @return a future of the end
   * @throws RejectedExecutionException if the group is closed, is being shut down or has failed
   */
  public CompletableFuture<@Nullable Void> submit(FiberTask task) {
    return leastLoaded().submit(task);
  }

  private ReactorThread leastLoaded() {
    throwIfFailed();
    int start = turn.getAndIncrement();
    int count = reactors.size();
    ReactorThread best = reactors.get(Math.floorMod(start, count));
    int fewest = best.running();
    for (int i = 1; i < count && fewest > 0; i++) {
      ReactorThread candidate = reactors.get(Math.floorMod(start + i, count));
      int running = candidate.running();
      if (running < fewest) {
        best = candidate;
        fewest = running;
      }
    }
    return best;
  }

  // ---- closing

  /**
   * Refuses further calls, lets servers ({@link dev.weft.net.TcpServer}, {@link
   * dev.weft.micro.MicroService}) stop accepting, and waits until all fibers have ended; when
   * {@code grace} has passed, those that are left are cancelled. Returns when all threads have
   * ended. Suspends in a fiber of another reactor. See {@link ReactorThread#shutdown}.
   *
   * @param grace when to cancel the fibers; with {@link Deadline#NEVER} they are not cancelled
   * @throws CancelledException if the calling fiber is cancelled or the calling thread interrupted,
   *     whose interrupt status stays set; then the fibers are cancelled immediately, and the
   *     threads have ended all the same
   * @throws IllegalStateException if a reactor has failed, with the reason as the cause, and no
   *     other call has thrown this; or if the caller is a fiber of this group, which would wait for
   *     itself
   */
  public void shutdown(Deadline grace) {
    requireOutside("shut down");
    requestEnd(grace);
    RuntimeException first = null;
    for (ReactorThread reactor : reactors) {
      try {
        if (first instanceof CancelledException) {
          reactor.close();
        } else {
          reactor.shutdown(grace);
        }
      } catch (RuntimeException e) {
        if (e instanceof CancelledException) {
          requestEnd(Deadline.NOW);
        }
        first = firstOf(first, e);
      }
    }
    if (first != null) {
      throw first;
    }
  }

  /**
   * Refuses further calls, cancels all fibers, and waits until they and the threads have ended,
   * however long their cleanups take: neither a cancel nor an interrupt ends the wait. Suspends in
   * a fiber of another reactor, even in a cancelled one. Does nothing if the group is closed.
   *
   * @throws IllegalStateException if a reactor has failed, with the reason as the cause, and no
   *     other call has thrown this; or if the caller is a fiber of this group, which would wait for
   *     itself
   */
  @Override
  public void close() {
    requireOutside("close");
    end();
  }

  private void end() {
    requestEnd(Deadline.NOW);
    RuntimeException first = null;
    for (ReactorThread reactor : reactors) {
      try {
        reactor.close();
      } catch (RuntimeException e) {
        first = firstOf(first, e);
      }
    }
    if (first != null) {
      throw first;
    }
  }

  private void endAfter(Throwable primary) {
    try {
      end();
    } catch (RuntimeException e) {
      Failures.suppress(primary, e);
    }
  }

  private void throwIfFailed() {
    Throwable reason = failure.get();
    if (reason != null) {
      throw new RejectedExecutionException(this + " has failed", reason);
    }
  }

  private static RuntimeException firstOf(@Nullable RuntimeException first, RuntimeException e) {
    if (first == null) {
      return e;
    }
    Failures.suppress(first, e);
    return first;
  }

  private void requireOutside(String verb) {
    for (ReactorThread reactor : reactors) {
      if (reactor.isCaller()) {
        throw new IllegalStateException(
            "the fibers of " + this + " can't " + verb + " it: they would wait for themselves");
      }
    }
  }

  // ---- state

  /** {@return the reactors, in the order of their numbers} */
  public List<ReactorThread> reactors() {
    return List.copyOf(reactors);
  }

  /** {@return the number of reactors} */
  public int size() {
    return reactors.size();
  }

  @Override
  public String toString() {
    return "the group " + name + " of " + reactors.size() + " reactors";
  }
}

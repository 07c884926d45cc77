// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.bindings.NativeLibrary;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Objects;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A strand that is a virtual thread whose scheduler is the strand itself. The JDK gives us the
 * thread's continuation whenever it can run, and the loop runs it on the reactor's thread. So
 * locks, monitors, thread-locals, scoped values, dumps and debuggers work as in any virtual thread.
 *
 * <p>To suspend in a call of Weft the thread <em>yields</em>, and its scheduler holds it back until
 * the loop resumes it. That is cheaper than parking, ignores interrupts and stray permits, and if
 * the thread is pinned, it returns immediately instead of blocking the reactor.
 *
 * <p>Only this class uses these internals of the JDK: the constructor with a scheduler, the
 * scheduler of a thread, and the default scheduler.
 */
final class VirtualThreadStrand extends Strand implements Executor {
  /**
   * The JDK's internals.
   *
   * @param newThread makes a virtual thread with a scheduler
   * @param scheduler gives the scheduler of a virtual thread
   * @param defaultScheduler the scheduler of virtual threads that have none of their own
   */
  private record Internals(
      MethodHandle newThread, MethodHandle scheduler, Executor defaultScheduler) {}

  /** Null until {@link #isAvailable} has found them. */
  private static @Nullable Internals found;

  /** Whether java.lang is open but the internals are missing or do not work; never reset. */
  private static boolean unsupported;

  /** Whether {@link Bound} may be used. */
  private static boolean available;

  /** The internals as constants, which the JIT can inline. */
  private static final class Bound {
    static final MethodHandle NEW_THREAD;
    static final MethodHandle SCHEDULER;
    static final Executor DEFAULT_SCHEDULER;

    static {
      Internals internals = Objects.requireNonNull(found);
      NEW_THREAD = internals.newThread;
      SCHEDULER = internals.scheduler;
      DEFAULT_SCHEDULER = internals.defaultScheduler;
    }
  }

  /**
   * Whether this JVM lets us choose the scheduler of a virtual thread. Opens java.lang if
   * necessary; if that fails, the next call tries again. May be called from any thread.
   */
  static synchronized boolean isAvailable() {
    if (!available
        && !unsupported
        && NativeLibrary.openIfWelcome(VirtualThreadStrand.class.getModule())) {
      try {
        found = internals();
        available = Bound.NEW_THREAD != null; // initialises the class first
      } catch (ReflectiveOperationException | RuntimeException e) {
        // Another JDK, or a JVM without continuations: strands pass a baton instead.
        unsupported = true;
      }
    }
    return available;
  }

  private static Internals internals() throws ReflectiveOperationException {
    Class<?> builders = Class.forName("java.lang.ThreadBuilders");
    Class<?> virtualThread = Class.forName("java.lang.VirtualThread");
    MethodHandles.Lookup inBuilders =
        MethodHandles.privateLookupIn(builders, MethodHandles.lookup());
    MethodHandles.Lookup inThread =
        MethodHandles.privateLookupIn(virtualThread, MethodHandles.lookup());
    MethodHandle newThread =
        inBuilders.findStatic(
            builders,
            "newVirtualThread",
            MethodType.methodType(
                Thread.class, Executor.class, String.class, int.class, Runnable.class));
    MethodHandle scheduler =
        inThread
            .findGetter(virtualThread, "scheduler", Executor.class)
            .asType(MethodType.methodType(Executor.class, Thread.class));
    MethodHandle defaultScheduler =
        inThread.findStatic(
            virtualThread, "defaultScheduler", MethodType.methodType(Executor.class));
    try {
      // A JVM without continuations refuses a thread with a scheduler.
      Executor none = task -> {};
      Thread unused = (Thread) newThread.invokeExact(none, (String) null, 0, (Runnable) () -> {});
      return new Internals(newThread, scheduler, (Executor) defaultScheduler.invokeExact());
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("neither throws anything checked", e);
    }
  }

  private final Thread thread;

  /** Runs or continues {@link #thread}; the JDK passes it when the thread is started. */
  private @Nullable Runnable continuation;

  VirtualThreadStrand(EventLoop loop, Body body, @Nullable String name, long deadline) {
    super(loop, body, deadline);
    assert available;
    try {
      thread =
          (Thread) Bound.NEW_THREAD.invokeExact((Executor) this, name, 0, (Runnable) this::runBody);
    } catch (Throwable e) {
      throw new IllegalStateException("no virtual thread could be made", e);
    }
  }

  /** The strand that {@code thread} belongs to, or null. */
  static @Nullable VirtualThreadStrand on(Thread thread) {
    if (!available) {
      return null; // no strand has been made yet
    }
    Executor scheduler;
    try {
      scheduler = (Executor) Bound.SCHEDULER.invokeExact(thread);
    } catch (Error e) { // no memory, or no stack: callers are to know it as that
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("the scheduler of " + thread + " can't be read", e);
    }
    // Virtual threads that a fiber starts inherit its scheduler, but are not the fiber.
    return scheduler instanceof VirtualThreadStrand strand && strand.thread == thread
        ? strand
        : null;
  }

  @Override
  public Thread thread() {
    return thread;
  }

  @Override
  void start() {
    thread.start();
  }

  @Override
  void resume() {
    assert continuation != null;
    continuation.run();
    if (state == State.RUNNING && thread.getState() == Thread.State.TERMINATED) {
      state = State.ENDED; // the JDK ended the thread before it ran the body
      body().aborted(new IllegalStateException(body() + ": its thread has ended by itself"));
    }
  }

  @Override
  @SuppressWarnings("ThreadPriorityCheck") // not a hint: this class is the scheduler
  void switchOut() {
    Thread.yield();
  }

  /** Called by the JDK: {@code task} continues this thread, or one that this thread started. */
  @Override
  public void execute(Runnable task) {
    if (continuation == null) {
      continuation = task;
    }
    if (task == continuation) {
      submitted();
    } else {
      // A virtual thread that the fiber started through the JDK is an ordinary one: it may block
      // for long and outlive the reactor.
      Bound.DEFAULT_SCHEDULER.execute(task);
    }
  }
}

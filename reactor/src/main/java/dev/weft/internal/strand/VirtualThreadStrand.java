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
 * A strand that is a virtual thread, whose scheduler is the strand itself: the JDK hands us the
 * thread's continuation whenever it can run, and we run it on the reactor's thread in its turn. So
 * locks, monitors, thread-locals, scoped values, dumps and debuggers mean in it what they say.
 *
 * <p>To suspend in a call of ours it <em>yields</em>, and its scheduler keeps it back until the
 * loop wants it. That is cheaper than parking, takes no notice of interrupts and stray permits, and
 * if the thread is pinned, returns at once instead of blocking the reactor for ever.
 *
 * <p>What is needed of the JDK's internals is here and nowhere else: the constructor with a
 * scheduler, the scheduler of a thread, and the default scheduler.
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

  /** Null as long as {@link #isAvailable} has not found them. */
  private static @Nullable Internals found;

  /** Whether java.lang is open and the internals are not there or do not work: final. */
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
   * Whether this JVM lets us choose the scheduler of a virtual thread. Opens java.lang first if
   * need be; if that fails, the next call tries again. Any thread.
   */
  static synchronized boolean isAvailable() {
    if (!available && !unsupported && NativeLibrary.openTo(VirtualThreadStrand.class.getModule())) {
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

  /** Runs or continues {@link #thread}; the JDK hands it over when the thread is started. */
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
    } catch (Throwable e) {
      throw new IllegalStateException("the scheduler of " + thread + " can't be read", e);
    }
    // Virtual threads that a fiber starts inherit its scheduler, but are not it.
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
      state = State.ENDED; // the JDK has ended the thread before it came to the body
      body().aborted(new IllegalStateException(body() + ": its thread has ended by itself"));
    }
  }

  @Override
  @SuppressWarnings("ThreadPriorityCheck") // not a hint: the scheduler is ours
  void switchOut() {
    Thread.yield();
  }

  /** The JDK's side: {@code task} runs or continues the thread, or one that it has started. */
  @Override
  public void execute(Runnable task) {
    if (continuation == null) {
      continuation = task;
    }
    if (task == continuation) {
      submitted();
    } else {
      // A virtual thread started by the fiber in the JDK's own way is an ordinary one: it may block
      // for long and outlive the reactor.
      Bound.DEFAULT_SCHEDULER.execute(task);
    }
  }
}

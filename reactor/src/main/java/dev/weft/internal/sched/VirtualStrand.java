// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.sched;

import dev.weft.bindings.NativeLibrary;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
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
final class VirtualStrand extends Strand implements Executor {
  /** Whether this JVM lets us choose the scheduler of a virtual thread. */
  static final boolean AVAILABLE;

  private static final @Nullable MethodHandle NEW_THREAD;
  private static final @Nullable MethodHandle SCHEDULER;
  private static final @Nullable Executor DEFAULT_SCHEDULER;

  static {
    MethodHandle newThread = null;
    MethodHandle scheduler = null;
    Executor defaultScheduler = null;
    try {
      NativeLibrary.openTo(VirtualStrand.class.getModule());
      Class<?> builders = Class.forName("java.lang.ThreadBuilders");
      Class<?> virtualThread = Class.forName("java.lang.VirtualThread");
      MethodHandles.Lookup inBuilders =
          MethodHandles.privateLookupIn(builders, MethodHandles.lookup());
      MethodHandles.Lookup inThread =
          MethodHandles.privateLookupIn(virtualThread, MethodHandles.lookup());
      newThread =
          inBuilders.findStatic(
              builders,
              "newVirtualThread",
              MethodType.methodType(
                  Thread.class, Executor.class, String.class, int.class, Runnable.class));
      scheduler =
          inThread
              .findGetter(virtualThread, "scheduler", Executor.class)
              .asType(MethodType.methodType(Executor.class, Thread.class));
      defaultScheduler =
          (Executor)
              inThread
                  .findStatic(
                      virtualThread, "defaultScheduler", MethodType.methodType(Executor.class))
                  .invoke();
    } catch (Throwable e) {
      // No flag and no native library, or another JDK: strands pass a baton instead.
      newThread = null;
    }
    NEW_THREAD = newThread;
    SCHEDULER = scheduler;
    DEFAULT_SCHEDULER = defaultScheduler;
    AVAILABLE = newThread != null;
  }

  private final Thread thread;

  /** Runs or continues {@link #thread}; the JDK hands it over when the thread is started. */
  private @Nullable Runnable continuation;

  VirtualStrand(EventLoop loop, Body body, @Nullable String name, long due) {
    super(loop, body, due);
    assert NEW_THREAD != null;
    try {
      thread = (Thread) NEW_THREAD.invokeExact((Executor) this, name, 0, (Runnable) this::runBody);
    } catch (Throwable e) {
      throw new IllegalStateException("no virtual thread could be made", e);
    }
  }

  /** The strand that {@code thread} belongs to, or null. */
  static @Nullable VirtualStrand on(Thread thread) {
    assert SCHEDULER != null;
    Executor scheduler;
    try {
      scheduler = (Executor) SCHEDULER.invokeExact(thread);
    } catch (Throwable e) {
      throw new IllegalStateException("the scheduler of " + thread + " can't be read", e);
    }
    // Virtual threads that a fiber starts inherit its scheduler, but are not it.
    return scheduler instanceof VirtualStrand strand && strand.thread == thread ? strand : null;
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
      assert DEFAULT_SCHEDULER != null;
      DEFAULT_SCHEDULER.execute(task);
    }
  }
}

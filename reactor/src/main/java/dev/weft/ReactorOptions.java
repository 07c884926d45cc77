// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import java.time.Duration;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * How a reactor is set up. Immutable; start from {@link #defaults}.
 *
 * @param queueEntries slots of the submission queue, a power of two from 1 to 32768. More
 *     operations than that may be under way; they wait for room in order. The completion queue has
 *     four times as many, up to 65536
 * @param cpu the CPU to tie the thread to until close, {@link #ANY_CPU}, or {@link #UNPINNED}, the
 *     default. The system property {@code dev.weft.cpu} overrides it: {@code any}, {@code none} or
 *     a CPU's number. Pinning suits a program that does little beside serving: Linux lets every
 *     thread inherit the CPU of the thread that starts it, for good. The threads of {@link
 *     Blocking}, the watchdog and later reactors go back to the CPUs of the process. What a fiber
 *     of a pinned reactor has the JDK start stays on the reactor's CPU: threads, pools, the
 *     carriers of virtual threads. So do, from Linux 6.2 on, the kernel's workers, which sync files
 *     for instance
 * @param fiberKind how fibers are run
 * @param stackful whether tasks that have been woven run as the others do, each on a stack of its
 *     own: for debuggers, and where woven code calls what has not been woven
 * @param uncaughtExceptionHandler gets what ends a fiber that nobody is joining, on the reactor's
 *     thread; it must not suspend
 * @param stallLimit how long a fiber may run without suspending before {@link #stallHandler} gets
 *     to know; zero for as long as it likes. Costs the reactor nothing
 * @param stallHandler gets each stall, once, on a thread of its own
 * @param leakHandler gets what was not closed, once, on the reactor's thread; it must not suspend
 */
public record ReactorOptions(
    int queueEntries,
    int cpu,
    FiberKind fiberKind,
    boolean stackful,
    BiConsumer<? super Fiber, ? super Throwable> uncaughtExceptionHandler,
    Duration stallLimit,
    Consumer<? super Stall> stallHandler,
    Consumer<? super Leak> leakHandler) {
  /**
   * For {@link #cpu}: choose the CPU, of those that the thread may run on, with the fewest reactors
   * of this process; of several, the one that the thread runs on or the next.
   */
  public static final int ANY_CPU = -1;

  /** For {@link #cpu}: leave the thread where the kernel puts it. */
  public static final int UNPINNED = -2;

  private static final int QUEUE_ENTRIES_DEFAULT = 1024;
  private static final int QUEUE_ENTRIES_MAX = 32768;
  private static final Duration STALL_LIMIT_DEFAULT = Duration.ofSeconds(1);

  /** Checks the arguments. */
  public ReactorOptions {
    if (queueEntries < 1
        || queueEntries > QUEUE_ENTRIES_MAX
        || Integer.bitCount(queueEntries) != 1) {
      throw new IllegalArgumentException(
          "queueEntries must be a power of two from 1 to "
              + QUEUE_ENTRIES_MAX
              + ": "
              + queueEntries);
    }
    if (cpu < UNPINNED) {
      throw new IllegalArgumentException("cpu must be a CPU's number, ANY_CPU or UNPINNED: " + cpu);
    }
    if (stallLimit.isNegative()) {
      throw new IllegalArgumentException("stallLimit must not be negative: " + stallLimit);
    }
    Objects.requireNonNull(fiberKind, "fiberKind");
    Objects.requireNonNull(uncaughtExceptionHandler, "uncaughtExceptionHandler");
    Objects.requireNonNull(stallHandler, "stallHandler");
    Objects.requireNonNull(leakHandler, "leakHandler");
  }

  /**
   * 1024 queue entries, a thread that is not tied to a CPU, the fastest fibers that the JVM allows,
   * uncaught exceptions to the thread's handler, which prints them on standard error, and stalls of
   * more than a second to the logger {@code dev.weft} of {@link System#getLogger}.
   *
   * @return the options of {@link Reactor#open()}
   */
  public static ReactorOptions defaults() {
    return new ReactorOptions(
        QUEUE_ENTRIES_DEFAULT,
        UNPINNED,
        FiberKind.configured(),
        FiberKind.stackfulConfigured(),
        ReactorOptions::toThreadHandler,
        STALL_LIMIT_DEFAULT,
        ReactorOptions::log,
        ReactorOptions::log);
  }

  /**
   * These options with another queue.
   *
   * @param queueEntries see {@link #queueEntries()}
   * @return new options
   */
  public ReactorOptions withQueueEntries(int queueEntries) {
    return new ReactorOptions(
        queueEntries,
        cpu,
        fiberKind,
        stackful,
        uncaughtExceptionHandler,
        stallLimit,
        stallHandler,
        leakHandler);
  }

  /**
   * These options with another CPU.
   *
   * @param cpu see {@link #cpu()}
   * @return new options
   */
  public ReactorOptions withCpu(int cpu) {
    return new ReactorOptions(
        queueEntries,
        cpu,
        fiberKind,
        stackful,
        uncaughtExceptionHandler,
        stallLimit,
        stallHandler,
        leakHandler);
  }

  /**
   * These options with other fibers.
   *
   * @param fiberKind see {@link #fiberKind()}
   * @return new options
   */
  public ReactorOptions withFiberKind(FiberKind fiberKind) {
    return new ReactorOptions(
        queueEntries,
        cpu,
        fiberKind,
        stackful,
        uncaughtExceptionHandler,
        stallLimit,
        stallHandler,
        leakHandler);
  }

  /**
   * These options, with woven tasks on stacks or without.
   *
   * @param stackful see {@link #stackful()}
   * @return new options
   */
  public ReactorOptions withStackful(boolean stackful) {
    return new ReactorOptions(
        queueEntries,
        cpu,
        fiberKind,
        stackful,
        uncaughtExceptionHandler,
        stallLimit,
        stallHandler,
        leakHandler);
  }

  /**
   * These options with another handler.
   *
   * @param handler see {@link #uncaughtExceptionHandler()}
   * @return new options
   */
  public ReactorOptions withUncaughtExceptionHandler(
      BiConsumer<? super Fiber, ? super Throwable> handler) {
    return new ReactorOptions(
        queueEntries, cpu, fiberKind, stackful, handler, stallLimit, stallHandler, leakHandler);
  }

  /**
   * These options with another watch on fibers that hold up the others.
   *
   * @param limit see {@link #stallLimit()}
   * @param handler see {@link #stallHandler()}
   * @return new options
   */
  public ReactorOptions withStallHandler(Duration limit, Consumer<? super Stall> handler) {
    return new ReactorOptions(
        queueEntries,
        cpu,
        fiberKind,
        stackful,
        uncaughtExceptionHandler,
        limit,
        handler,
        leakHandler);
  }

  /**
   * These options without a watch on fibers that hold up the others.
   *
   * @return new options
   */
  public ReactorOptions withoutStallHandler() {
    return withStallHandler(Duration.ZERO, stallHandler);
  }

  /**
   * These options with another handler of what was not closed.
   *
   * @param handler see {@link #leakHandler()}
   * @return new options
   */
  public ReactorOptions withLeakHandler(Consumer<? super Leak> handler) {
    return new ReactorOptions(
        queueEntries,
        cpu,
        fiberKind,
        stackful,
        uncaughtExceptionHandler,
        stallLimit,
        stallHandler,
        handler);
  }

  static void log(Leak leak) {
    System.getLogger("dev.weft").log(System.Logger.Level.WARNING, leak);
  }

  private static void log(Stall stall) {
    System.getLogger("dev.weft").log(System.Logger.Level.WARNING, stall);
  }

  private static void toThreadHandler(Fiber fiber, Throwable failure) {
    // The fiber's own thread has ended, and has no group any more; the reactor's has.
    Thread.currentThread().getThreadGroup().uncaughtException(fiber.thread(), failure);
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import java.time.Duration;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** Settings of a reactor. Immutable; start from {@link #defaults}. */
public final class ReactorOptions {
  /**
   * For {@link #cpu}: choose, among the CPUs that the thread may run on, the one with the fewest
   * reactors of this process; of several, the thread's current CPU or the next one.
   */
  public static final int ANY_CPU = -1;

  /** For {@link #cpu}: do not pin the thread. */
  public static final int UNPINNED = -2;

  private static final int QUEUE_ENTRIES_DEFAULT = 1024;
  private static final int QUEUE_ENTRIES_MAX = 32768;

  /** The kernel's limit (IORING_MAX_FIXED_FILES). */
  private static final int DIRECT_DESCRIPTORS_MAX = 1 << 20;

  private static final long RECEIVE_POOL_BYTES_DEFAULT = 64L << 20;
  private static final long RECEIVE_POOL_BYTES_MIN = 1L << 20;
  private static final Duration STALL_LIMIT_DEFAULT = Duration.ofSeconds(1);

  private final BackendKind backend;
  private final int queueEntries;
  private final int directDescriptors;
  private final int cpu;
  private final FiberKind fiberKind;
  private final boolean stackful;
  private final long stackBytes;
  private final BiConsumer<? super Fiber, ? super Throwable> uncaughtExceptionHandler;
  private final Duration stallLimit;
  private final Consumer<? super Stall> stallHandler;
  private final Consumer<? super Leak> leakHandler;
  private final long receivePoolBytes;

  private ReactorOptions(
      BackendKind backend,
      int queueEntries,
      int directDescriptors,
      int cpu,
      FiberKind fiberKind,
      boolean stackful,
      long stackBytes,
      BiConsumer<? super Fiber, ? super Throwable> uncaughtExceptionHandler,
      Duration stallLimit,
      Consumer<? super Stall> stallHandler,
      Consumer<? super Leak> leakHandler,
      long receivePoolBytes) {
    if (queueEntries < 1
        || queueEntries > QUEUE_ENTRIES_MAX
        || Integer.bitCount(queueEntries) != 1) {
      throw new IllegalArgumentException(
          "queueEntries must be a power of two from 1 to "
              + QUEUE_ENTRIES_MAX
              + ": "
              + queueEntries);
    }
    if (directDescriptors < 0 || directDescriptors > DIRECT_DESCRIPTORS_MAX) {
      throw new IllegalArgumentException(
          "directDescriptors must be from 0 to "
              + DIRECT_DESCRIPTORS_MAX
              + ": "
              + directDescriptors);
    }
    if (cpu < UNPINNED) {
      throw new IllegalArgumentException("cpu must be a CPU's number, ANY_CPU or UNPINNED: " + cpu);
    }
    if (stackBytes < 0) {
      throw new IllegalArgumentException("stackBytes must not be negative: " + stackBytes);
    }
    if (stallLimit.isNegative()) {
      throw new IllegalArgumentException("stallLimit must not be negative: " + stallLimit);
    }
    if (receivePoolBytes < RECEIVE_POOL_BYTES_MIN) {
      throw new IllegalArgumentException(
          "receivePoolBytes must be at least 1 MiB: " + receivePoolBytes);
    }
    Objects.requireNonNull(backend, "backend");
    Objects.requireNonNull(fiberKind, "fiberKind");
    Objects.requireNonNull(uncaughtExceptionHandler, "uncaughtExceptionHandler");
    Objects.requireNonNull(stallHandler, "stallHandler");
    Objects.requireNonNull(leakHandler, "leakHandler");

    this.backend = backend;
    this.queueEntries = queueEntries;
    this.directDescriptors = directDescriptors;
    this.cpu = cpu;
    this.fiberKind = fiberKind;
    this.stackful = stackful;
    this.stackBytes = stackBytes;
    this.uncaughtExceptionHandler = uncaughtExceptionHandler;
    this.stallLimit = stallLimit;
    this.stallHandler = stallHandler;
    this.leakHandler = leakHandler;
    this.receivePoolBytes = receivePoolBytes;
  }

  /**
   * {@return the options of {@link Reactor#open()}} They are: io_uring or what replaces it, 1024
   * queue entries, a thread that is not pinned, the fastest fibers that the JVM allows, uncaught
   * exceptions to the thread's handler, which prints them on standard error, leaks and stalls of
   * more than a second to the logger {@code dev.weft} of {@link System#getLogger}, and 64 MiB for
   * what sockets receive into buffers of the reactor.
   */
  public static ReactorOptions defaults() {
    return new ReactorOptions(
        BackendKind.configured(),
        QUEUE_ENTRIES_DEFAULT,
        0,
        UNPINNED,
        FiberKind.configured(),
        FiberKind.stackfulConfigured(),
        0,
        ReactorOptions::toThreadHandler,
        STALL_LIMIT_DEFAULT,
        ReactorOptions::log,
        ReactorOptions::log,
        RECEIVE_POOL_BYTES_DEFAULT);
  }

  /**
   * {@return these options with another backend}
   *
   * @param backend see {@link #backend()}
   */
  public ReactorOptions withBackend(BackendKind backend) {
    return new ReactorOptions(
        backend,
        queueEntries,
        directDescriptors,
        cpu,
        fiberKind,
        stackful,
        stackBytes,
        uncaughtExceptionHandler,
        stallLimit,
        stallHandler,
        leakHandler,
        receivePoolBytes);
  }

  /**
   * {@return these options with another queue size}
   *
   * @param queueEntries see {@link #queueEntries()}
   */
  public ReactorOptions withQueueEntries(int queueEntries) {
    return new ReactorOptions(
        backend,
        queueEntries,
        directDescriptors,
        cpu,
        fiberKind,
        stackful,
        stackBytes,
        uncaughtExceptionHandler,
        stallLimit,
        stallHandler,
        leakHandler,
        receivePoolBytes);
  }

  /**
   * {@return these options with a table of direct descriptors}
   *
   * @param directDescriptors see {@link #directDescriptors()}
   */
  public ReactorOptions withDirectDescriptors(int directDescriptors) {
    return new ReactorOptions(
        backend,
        queueEntries,
        directDescriptors,
        cpu,
        fiberKind,
        stackful,
        stackBytes,
        uncaughtExceptionHandler,
        stallLimit,
        stallHandler,
        leakHandler,
        receivePoolBytes);
  }

  /**
   * {@return these options with another CPU}
   *
   * @param cpu see {@link #cpu()}
   */
  public ReactorOptions withCpu(int cpu) {
    return new ReactorOptions(
        backend,
        queueEntries,
        directDescriptors,
        cpu,
        fiberKind,
        stackful,
        stackBytes,
        uncaughtExceptionHandler,
        stallLimit,
        stallHandler,
        leakHandler,
        receivePoolBytes);
  }

  /**
   * {@return these options with another kind of fibers}
   *
   * @param fiberKind see {@link #fiberKind()}
   */
  public ReactorOptions withFiberKind(FiberKind fiberKind) {
    return new ReactorOptions(
        backend,
        queueEntries,
        directDescriptors,
        cpu,
        fiberKind,
        stackful,
        stackBytes,
        uncaughtExceptionHandler,
        stallLimit,
        stallHandler,
        leakHandler,
        receivePoolBytes);
  }

  /**
   * {@return these options with woven tasks on stacks or without}
   *
   * @param stackful see {@link #stackful()}
   */
  public ReactorOptions withStackful(boolean stackful) {
    return new ReactorOptions(
        backend,
        queueEntries,
        directDescriptors,
        cpu,
        fiberKind,
        stackful,
        stackBytes,
        uncaughtExceptionHandler,
        stallLimit,
        stallHandler,
        leakHandler,
        receivePoolBytes);
  }

  /**
   * {@return these options with another stack size}
   *
   * @param stackBytes see {@link #stackBytes()}
   */
  public ReactorOptions withStackBytes(long stackBytes) {
    return new ReactorOptions(
        backend,
        queueEntries,
        directDescriptors,
        cpu,
        fiberKind,
        stackful,
        stackBytes,
        uncaughtExceptionHandler,
        stallLimit,
        stallHandler,
        leakHandler,
        receivePoolBytes);
  }

  /**
   * {@return these options with another handler of uncaught exceptions}
   *
   * @param handler see {@link #uncaughtExceptionHandler()}
   */
  public ReactorOptions withUncaughtExceptionHandler(
      BiConsumer<? super Fiber, ? super Throwable> handler) {
    return new ReactorOptions(
        backend,
        queueEntries,
        directDescriptors,
        cpu,
        fiberKind,
        stackful,
        stackBytes,
        handler,
        stallLimit,
        stallHandler,
        leakHandler,
        receivePoolBytes);
  }

  /**
   * {@return these options with another limit and handler of stalls}
   *
   * @param limit see {@link #stallLimit()}
   * @param handler see {@link #stallHandler()}
   */
  public ReactorOptions withStallHandler(Duration limit, Consumer<? super Stall> handler) {
    return new ReactorOptions(
        backend,
        queueEntries,
        directDescriptors,
        cpu,
        fiberKind,
        stackful,
        stackBytes,
        uncaughtExceptionHandler,
        limit,
        handler,
        leakHandler,
        receivePoolBytes);
  }

  /** {@return these options without stall detection} */
  public ReactorOptions withoutStallHandler() {
    return withStallHandler(Duration.ZERO, stallHandler);
  }

  /**
   * {@return these options with another handler of leaks}
   *
   * @param handler see {@link #leakHandler()}
   */
  public ReactorOptions withLeakHandler(Consumer<? super Leak> handler) {
    return new ReactorOptions(
        backend,
        queueEntries,
        directDescriptors,
        cpu,
        fiberKind,
        stackful,
        stackBytes,
        uncaughtExceptionHandler,
        stallLimit,
        stallHandler,
        handler,
        receivePoolBytes);
  }

  /**
   * {@return these options with another limit of the buffers that sockets receive into}
   *
   * @param bytes see {@link #receivePoolBytes()}
   */
  public ReactorOptions withReceivePoolBytes(long bytes) {
    return new ReactorOptions(
        backend,
        queueEntries,
        directDescriptors,
        cpu,
        fiberKind,
        stackful,
        stackBytes,
        uncaughtExceptionHandler,
        stallLimit,
        stallHandler,
        leakHandler,
        bytes);
  }

  static void log(Leak leak) {
    System.getLogger("dev.weft").log(System.Logger.Level.WARNING, leak);
  }

  private static void log(Stall stall) {
    System.getLogger("dev.weft.stall").log(System.Logger.Level.WARNING, stall);
  }

  private static void toThreadHandler(Fiber fiber, Throwable failure) {
    // The fiber's own thread has ended and has no thread group any more.
    Thread.currentThread().getThreadGroup().uncaughtException(fiber.thread(), failure);
  }

  /**
   * {@return what carries out the I/O. The system property {@code weft.backend} sets the default:
   * {@code auto}, {@code io_uring} or {@code selector}}
   */
  public BackendKind backend() {
    return backend;
  }

  /**
   * {@return slots of the submission queue, a power of two from 1 to 32768. More operations may be
   * in flight; those that find the queue full wait for room in order. The completion queue of a
   * ring has four times as many entries, up to 65536}
   */
  public int queueEntries() {
    return queueEntries;
  }

  /**
   * {@return the size of the reactor's table of direct descriptors, up to 1048576 and to the limit
   * of open files (RLIMIT_NOFILE): see {@link dev.weft.io.DirectDescriptors}. 0 by default: there
   * is no table. Otherwise {@link Reactor#open} throws an exception where there can be none: on a
   * selector, and before Linux 6.8}
   */
  public int directDescriptors() {
    return directDescriptors;
  }

  /**
   * {@return the CPU to which the thread is pinned until close, {@link #ANY_CPU}, or {@link
   * #UNPINNED}, the default. The system property {@code dev.weft.cpu} overrides it: {@code any},
   * {@code none} or a CPU's number. Pinning suits a program that does little besides serving: on
   * Linux a new thread permanently inherits the CPU affinity of the thread that starts it. The
   * threads of {@link Blocking}, the watchdog and later reactors reset theirs to the CPUs of the
   * process. Threads, pools and carriers of virtual threads that the JDK starts on behalf of a
   * fiber of a pinned reactor stay on the reactor's CPU. So do, from Linux 6.2 on, the kernel's
   * workers, which sync files for instance}
   */
  public int cpu() {
    return cpu;
  }

  /** {@return how fibers with a stack are run} */
  public FiberKind fiberKind() {
    return fiberKind;
  }

  /**
   * {@return whether woven tasks run on stacks of their own, as unwoven ones do: for debuggers, and
   * where woven code calls unwoven code that suspends}
   */
  public boolean stackful() {
    return stackful;
  }

  /**
   * {@return the stack size in bytes of the threads that {@link Reactor#start} and {@link
   * ReactorGroup} start, which limits how deep a running fiber can call; 0, the default, is the
   * JVM's ({@code -Xss}). {@link Reactor#open} uses the thread as it is. Less than 1 MiB is rarely
   * enough}
   */
  public long stackBytes() {
    return stackBytes;
  }

  /**
   * {@return gets the exception of a fiber that failed while no fiber was joining it, on the
   * reactor's thread; must not suspend}
   */
  public BiConsumer<? super Fiber, ? super Throwable> uncaughtExceptionHandler() {
    return uncaughtExceptionHandler;
  }

  /**
   * {@return how long a fiber may run without suspending before {@link #stallHandler} is called;
   * zero means no limit. Costs the reactor nothing}
   */
  public Duration stallLimit() {
    return stallLimit;
  }

  /** {@return gets each stall once, on its own thread} */
  public Consumer<? super Stall> stallHandler() {
    return stallHandler;
  }

  /**
   * {@return gets each resource that was not closed once, on the reactor's thread; must not
   * suspend}
   */
  public Consumer<? super Leak> leakHandler() {
    return leakHandler;
  }

  /**
   * {@return how much memory the buffers may have that {@link dev.weft.net.StreamSocket#receive()}
   * leases, at least 1 MiB; 64 MiB by default. It is taken when it is needed. When all are leased,
   * receives wait until one is given back}
   */
  public long receivePoolBytes() {
    return receivePoolBytes;
  }

  @Override
  public String toString() {
    return "ReactorOptions[backend="
        + backend
        + ", queueEntries="
        + queueEntries
        + ", directDescriptors="
        + directDescriptors
        + ", cpu="
        + cpu
        + ", fiberKind="
        + fiberKind
        + ", stackful="
        + stackful
        + ", stackBytes="
        + stackBytes
        + ", uncaughtExceptionHandler="
        + uncaughtExceptionHandler
        + ", stallLimit="
        + stallLimit
        + ", stallHandler="
        + stallHandler
        + ", leakHandler="
        + leakHandler
        + ", receivePoolBytes="
        + receivePoolBytes
        + "]";
  }
}

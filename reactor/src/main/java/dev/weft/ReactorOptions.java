// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.internal.os.RingOptions;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.OptionalInt;
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

  /** More than enough for polling, and the kernel's numbers hold it. */
  private static final Duration POLLING_MAX = Duration.ofMinutes(1);

  private final Values values;

  /** What the options are; changed only while options are made. */
  private static final class Values implements Cloneable {
    BackendKind backend = BackendKind.configured();
    int queueEntries = QUEUE_ENTRIES_DEFAULT;
    int directDescriptors;
    int cpu = UNPINNED;
    FiberKind fiberKind = FiberKind.configured();
    boolean stackful = FiberKind.stackfulConfigured();
    long stackBytes;
    BiConsumer<? super Fiber, ? super Throwable> uncaughtExceptionHandler =
        ReactorOptions::toThreadHandler;
    Duration stallLimit = STALL_LIMIT_DEFAULT;
    Consumer<? super Stall> stallHandler = ReactorOptions::log;
    Consumer<? super Leak> leakHandler = ReactorOptions::log;
    long receivePoolBytes = RECEIVE_POOL_BYTES_DEFAULT;
    int boundedWorkers;
    int unboundedWorkers;
    Duration submissionPollingIdle = Duration.ZERO;
    int submissionPollingCpu = UNPINNED;
    Duration networkPolling = Duration.ZERO;
    Duration spin = Duration.ZERO;

    Values copy() {
      try {
        return (Values) clone();
      } catch (CloneNotSupportedException e) {
        throw new AssertionError(e);
      }
    }

    void check() {
      check(
          queueEntries >= 1
              && queueEntries <= QUEUE_ENTRIES_MAX
              && Integer.bitCount(queueEntries) == 1,
          "queueEntries must be a power of two from 1 to " + QUEUE_ENTRIES_MAX,
          queueEntries);
      check(
          directDescriptors >= 0 && directDescriptors <= DIRECT_DESCRIPTORS_MAX,
          "directDescriptors must be from 0 to " + DIRECT_DESCRIPTORS_MAX,
          directDescriptors);
      check(cpu >= UNPINNED, "cpu must be a CPU's number, ANY_CPU or UNPINNED", cpu);
      check(stackBytes >= 0, "stackBytes must not be negative", stackBytes);
      check(!stallLimit.isNegative(), "stallLimit must not be negative", stallLimit);
      check(
          receivePoolBytes >= RECEIVE_POOL_BYTES_MIN,
          "receivePoolBytes must be at least 1 MiB",
          receivePoolBytes);
      check(boundedWorkers >= 0, "boundedWorkers must not be negative", boundedWorkers);
      check(unboundedWorkers >= 0, "unboundedWorkers must not be negative", unboundedWorkers);
      check(
          submissionPollingCpu == UNPINNED || submissionPollingCpu >= 0,
          "submissionPollingCpu must be a CPU's number or UNPINNED",
          submissionPollingCpu);
      checkPolling("submissionPollingIdle", submissionPollingIdle);
      checkPolling("networkPolling", networkPolling);
      check(!spin.isNegative(), "spin must not be negative", spin);
      Objects.requireNonNull(backend, "backend");
      Objects.requireNonNull(fiberKind, "fiberKind");
      Objects.requireNonNull(uncaughtExceptionHandler, "uncaughtExceptionHandler");
      Objects.requireNonNull(stallHandler, "stallHandler");
      Objects.requireNonNull(leakHandler, "leakHandler");
    }

    private static void checkPolling(String name, Duration time) {
      check(
          !time.isNegative() && time.compareTo(POLLING_MAX) <= 0,
          name + " must be from 0 to " + POLLING_MAX,
          time);
    }

    private static void check(boolean holds, String rule, Object value) {
      if (!holds) {
        throw new IllegalArgumentException(rule + ": " + value);
      }
    }
  }

  private ReactorOptions(Values values) {
    values.check();
    this.values = values;
  }

  /** These options with a change. */
  private ReactorOptions with(Consumer<Values> change) {
    Values changed = values.copy();
    change.accept(changed);
    return new ReactorOptions(changed);
  }

  /**
   * {@return the options of {@link Reactor#open()}} They are: io_uring or what replaces it, 1024
   * queue entries, a thread that is not pinned, the fastest fibers that the JVM allows, uncaught
   * exceptions to the thread's handler, which prints them on standard error, leaks and stalls of
   * more than a second to the logger {@code dev.weft} of {@link System#getLogger}, and 64 MiB for
   * what sockets receive into buffers of the reactor.
   */
  public static ReactorOptions defaults() {
    return new ReactorOptions(new Values());
  }

  /**
   * {@return these options with another backend}
   *
   * @param backend see {@link #backend()}
   */
  public ReactorOptions withBackend(BackendKind backend) {
    return with(values -> values.backend = backend);
  }

  /**
   * {@return these options with another queue size}
   *
   * @param queueEntries see {@link #queueEntries()}
   */
  public ReactorOptions withQueueEntries(int queueEntries) {
    return with(values -> values.queueEntries = queueEntries);
  }

  /**
   * {@return these options with a table of direct descriptors}
   *
   * @param directDescriptors see {@link #directDescriptors()}
   */
  public ReactorOptions withDirectDescriptors(int directDescriptors) {
    return with(values -> values.directDescriptors = directDescriptors);
  }

  /**
   * {@return these options with another CPU}
   *
   * @param cpu see {@link #cpu()}
   */
  public ReactorOptions withCpu(int cpu) {
    return with(values -> values.cpu = cpu);
  }

  /**
   * {@return these options with another kind of fibers}
   *
   * @param fiberKind see {@link #fiberKind()}
   */
  public ReactorOptions withFiberKind(FiberKind fiberKind) {
    return with(values -> values.fiberKind = fiberKind);
  }

  /**
   * {@return these options with woven tasks on stacks or without}
   *
   * @param stackful see {@link #stackful()}
   */
  public ReactorOptions withStackful(boolean stackful) {
    return with(values -> values.stackful = stackful);
  }

  /**
   * {@return these options with another stack size}
   *
   * @param stackBytes see {@link #stackBytes()}
   */
  public ReactorOptions withStackBytes(long stackBytes) {
    return with(values -> values.stackBytes = stackBytes);
  }

  /**
   * {@return these options with another handler of uncaught exceptions}
   *
   * @param handler see {@link #uncaughtExceptionHandler()}
   */
  public ReactorOptions withUncaughtExceptionHandler(
      BiConsumer<? super Fiber, ? super Throwable> handler) {
    return with(values -> values.uncaughtExceptionHandler = handler);
  }

  /**
   * {@return these options with another limit and handler of stalls}
   *
   * @param limit see {@link #stallLimit()}
   * @param handler see {@link #stallHandler()}
   */
  public ReactorOptions withStallHandler(Duration limit, Consumer<? super Stall> handler) {
    return with(
        values -> {
          values.stallLimit = limit;
          values.stallHandler = handler;
        });
  }

  /** {@return these options without stall detection} */
  public ReactorOptions withoutStallHandler() {
    return withStallHandler(Duration.ZERO, values.stallHandler);
  }

  /**
   * {@return these options with another handler of leaks}
   *
   * @param handler see {@link #leakHandler()}
   */
  public ReactorOptions withLeakHandler(Consumer<? super Leak> handler) {
    return with(values -> values.leakHandler = handler);
  }

  /**
   * {@return these options with another limit of the buffers that sockets receive into}
   *
   * @param bytes see {@link #receivePoolBytes()}
   */
  public ReactorOptions withReceivePoolBytes(long bytes) {
    return with(values -> values.receivePoolBytes = bytes);
  }

  /**
   * {@return these options with limits of the kernel's worker threads}
   *
   * @param bounded see {@link #boundedWorkers()}
   * @param unbounded see {@link #unboundedWorkers()}
   */
  public ReactorOptions withWorkers(int bounded, int unbounded) {
    return with(
        values -> {
          values.boundedWorkers = bounded;
          values.unboundedWorkers = unbounded;
        });
  }

  /**
   * {@return these options with a kernel thread that submits operations}
   *
   * @param idle see {@link #submissionPollingIdle()}
   * @param cpu see {@link #submissionPollingCpu()}
   */
  public ReactorOptions withSubmissionPolling(Duration idle, int cpu) {
    return with(
        values -> {
          values.submissionPollingIdle = idle;
          values.submissionPollingCpu = cpu;
        });
  }

  /**
   * {@return these options with polling of network devices}
   *
   * @param time see {@link #networkPolling()}
   */
  public ReactorOptions withNetworkPolling(Duration time) {
    return with(values -> values.networkPolling = time);
  }

  /**
   * {@return these options with a time to spin before the reactor sleeps}
   *
   * @param time see {@link #spin()}
   */
  public ReactorOptions withSpin(Duration time) {
    return with(values -> values.spin = time);
  }

  /**
   * {@return what carries out the I/O. The system property {@code weft.backend} sets the default:
   * {@code auto}, {@code io_uring} or {@code selector}}
   */
  public BackendKind backend() {
    return values.backend;
  }

  /**
   * {@return slots of the submission queue, a power of two from 1 to 32768. More operations may be
   * in flight; those that find the queue full wait for room in order. The completion queue of a
   * ring has four times as many entries, up to 65536}
   */
  public int queueEntries() {
    return values.queueEntries;
  }

  /**
   * {@return the size of the reactor's table of direct descriptors, up to 1048576 and to the limit
   * of open files (RLIMIT_NOFILE): see {@link dev.weft.io.DirectDescriptors}. 0 by default: there
   * is no table. Otherwise {@link Reactor#open} throws an exception where there can be none: on a
   * selector, and before Linux 6.8}
   */
  public int directDescriptors() {
    return values.directDescriptors;
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
    return values.cpu;
  }

  /** {@return how fibers with a stack are run} */
  public FiberKind fiberKind() {
    return values.fiberKind;
  }

  /**
   * {@return whether woven tasks run on stacks of their own, as unwoven ones do: for debuggers, and
   * where woven code calls unwoven code that suspends}
   */
  public boolean stackful() {
    return values.stackful;
  }

  /**
   * {@return the stack size in bytes of the threads that {@link Reactor#start} and {@link
   * ReactorGroup} start, which limits how deep a running fiber can call; 0, the default, is the
   * JVM's ({@code -Xss}). {@link Reactor#open} uses the thread as it is. Less than 1 MiB is rarely
   * enough}
   */
  public long stackBytes() {
    return values.stackBytes;
  }

  /**
   * {@return gets the exception of a fiber that failed while no fiber was joining it, on the
   * reactor's thread; must not suspend}
   */
  public BiConsumer<? super Fiber, ? super Throwable> uncaughtExceptionHandler() {
    return values.uncaughtExceptionHandler;
  }

  /**
   * {@return how long a fiber may run without suspending before {@link #stallHandler} is called;
   * zero means no limit. Costs the reactor nothing}
   */
  public Duration stallLimit() {
    return values.stallLimit;
  }

  /** {@return gets each stall once, on its own thread} */
  public Consumer<? super Stall> stallHandler() {
    return values.stallHandler;
  }

  /**
   * {@return gets each resource that was not closed once, on the reactor's thread; must not
   * suspend}
   */
  public Consumer<? super Leak> leakHandler() {
    return values.leakHandler;
  }

  /**
   * {@return how much memory the buffers may have that {@link dev.weft.net.StreamSocket#receive()}
   * leases, at least 1 MiB; 64 MiB by default. It is taken when it is needed. When all are leased,
   * receives wait until one is given back}
   */
  public long receivePoolBytes() {
    return values.receivePoolBytes;
  }

  /**
   * {@return the most threads of the kernel that work for the ring on regular files and block
   * devices; 0, the default, leaves the kernel its own limit, which is 4 for each CPU, at most
   * {@link #queueEntries}, and raises it while opens of named pipes wait. A limit of one's own is
   * not raised: then opens that wait for each other can wait forever. The kernel allows no more
   * than RLIMIT_NPROC (io_uring_register(2), IORING_REGISTER_IOWQ_MAX_WORKERS). The limits hold for
   * all rings of the thread, and are given back when the reactor is closed. {@link Reactor#open}
   * throws an exception on a selector, as with the options that follow, which has no such threads}
   */
  public int boundedWorkers() {
    return values.boundedWorkers;
  }

  /**
   * {@return the most threads of the kernel that work for the ring on everything else that blocks,
   * such as splices from pipes; 0, the default, leaves the kernel its own limit, RLIMIT_NPROC}
   */
  public int unboundedWorkers() {
    return values.unboundedWorkers;
  }

  /**
   * {@return how long a thread of the kernel looks for operations to submit before it sleeps
   * (IORING_SETUP_SQPOLL of io_uring_setup(2)), up to a minute, in milliseconds, rounded up; zero,
   * the default, means that there is no such thread. With it the reactor makes no system call while
   * operations complete before it would sleep. The thread keeps a CPU busy for that long after the
   * last operation: measure, it needs a CPU of its own}
   */
  public Duration submissionPollingIdle() {
    return values.submissionPollingIdle;
  }

  /**
   * {@return the CPU of that thread, or {@link #UNPINNED}. {@link Reactor#open} throws an exception
   * if the process may not use that CPU}
   */
  public int submissionPollingCpu() {
    return values.submissionPollingCpu;
  }

  /**
   * {@return how long a reactor that would sleep polls the queues of the network devices of its
   * sockets instead of waiting for their interrupts (NAPI busy polling, io_uring_register_napi(3)),
   * up to a minute, in microseconds, rounded up; zero, the default, means not at all. Connections
   * of the loopback device have no queue. {@link Reactor#open} throws an exception before Linux
   * 6.9}
   */
  public Duration networkPolling() {
    return values.networkPolling;
  }

  /**
   * {@return how long the reactor looks for completions and messages of other threads before it
   * sleeps, on every backend; zero, the default, means not at all. To sleep and to be woken costs
   * microseconds, which a reactor saves that has a CPU of its own: {@link ReactorStats#spins()} and
   * {@link ReactorStats#spinHits()} count them}
   */
  public Duration spin() {
    return values.spin;
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

  /** The part that the backend is opened with. */
  RingOptions ring() {
    return new RingOptions(
        values.queueEntries,
        values.boundedWorkers,
        values.unboundedWorkers,
        roundedUp(values.submissionPollingIdle, ChronoUnit.MILLIS),
        values.submissionPollingCpu < 0
            ? OptionalInt.empty()
            : OptionalInt.of(values.submissionPollingCpu),
        roundedUp(values.networkPolling, ChronoUnit.MICROS));
  }

  private static int roundedUp(Duration time, ChronoUnit unit) {
    Duration one = unit.getDuration();
    return (int) time.plus(one).minusNanos(1).dividedBy(one);
  }

  @Override
  public String toString() {
    return String.format(
        "ReactorOptions[backend=%s, queueEntries=%s, directDescriptors=%s, cpu=%s, "
            + "fiberKind=%s, stackful=%s, stackBytes=%s, uncaughtExceptionHandler=%s, "
            + "stallLimit=%s, stallHandler=%s, leakHandler=%s, receivePoolBytes=%s, "
            + "boundedWorkers=%s, unboundedWorkers=%s, submissionPollingIdle=%s, "
            + "submissionPollingCpu=%s, networkPolling=%s, spin=%s]",
        values.backend,
        values.queueEntries,
        values.directDescriptors,
        values.cpu,
        values.fiberKind,
        values.stackful,
        values.stackBytes,
        values.uncaughtExceptionHandler,
        values.stallLimit,
        values.stallHandler,
        values.leakHandler,
        values.receivePoolBytes,
        values.boundedWorkers,
        values.unboundedWorkers,
        values.submissionPollingIdle,
        values.submissionPollingCpu,
        values.networkPolling,
        values.spin);
  }
}

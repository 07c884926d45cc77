// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.Deadline;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.io.Acceptor;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.mem.PagePool;
import dev.weft.internal.micro.io.BlockingIoDriver;
import dev.weft.internal.micro.io.ByteRing;
import dev.weft.internal.micro.io.IoDriver;
import dev.weft.internal.micro.io.PairEnd;
import dev.weft.internal.micro.io.RingMemory;
import dev.weft.internal.micro.io.RingPair;
import dev.weft.internal.micro.run.FaultLimit;
import dev.weft.internal.micro.run.MicroDispatcher;
import dev.weft.internal.micro.run.ProcessControl;
import dev.weft.internal.strand.EventLoop;
import dev.weft.net.TcpListener;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Group of micro-threads that share one run queue and one heap. A dispatch runs them until none can
 * run; then their output is submitted to the kernel, and so are the operations that they wait for.
 *
 * <p>A process ends when all its threads have ended. It also ends when the remaining threads could
 * only be woken by each other: they are reported on standard error, and run their {@code lastly}
 * with EINTR. Its heap is released in one step, and its connections are closed.
 */
public final class MicroProcess {
  /** Its state for the dispatcher. */
  final ProcessControl control;

  final MicroHeap heap;

  /** Keeps the listener from being garbage, which would close it. */
  private @Nullable TcpListener listener;

  private MicroProcess(MicroHeap heap, ProcessControl control) {
    this.heap = heap;
    this.control = control;
  }

  // ---- facts

  /** {@return the process's number in logs, unique in this JVM} */
  public int id() {
    return control.id();
  }

  /** {@return the heap that its threads share} */
  public MicroHeap heap() {
    return heap;
  }

  /** {@return whether all of its threads have ended and its heap has been released} */
  public boolean isEnded() {
    return control.isEnded();
  }

  // ---- executors

  /**
   * Runs a process to its end on the calling thread, without a reactor or polling (the local
   * executor). The default socket's descriptors are the standard streams, with blocking calls. A
   * thread that yields is not run again, because there is no other process to yield to.
   *
   * @param main the process's first thread
   * @param pages the size of its heap, in pages of 4096 bytes
   */
  public static void runLocal(MicroThread main, int pages) {
    runLocal(main, MicroOptions.ofPages(pages));
  }

  /**
   * As {@link #runLocal(MicroThread, int)}, with other options.
   *
   * @param main the process's first thread
   * @param options the process's options
   */
  public static void runLocal(MicroThread main, MicroOptions options) {
    // Twice the size: once for its blocks, once for its rings.
    long bytes = 2L * options.pages() * MicroHeap.PAGE_BYTES;
    try (PagePool pool = PagePool.open(bytes, options.hugePages())) {
      MicroHeap heap = new MicroHeap(pool, options.pages());
      try {
        ProcessControl control =
            new ProcessControl(
                heap.control,
                BlockingIoDriver.INSTANCE,
                null,
                new RingMemory(pool),
                options.settings());
        new MicroProcess(heap, control).begin(main, options);
        control.runToEnd();
      } finally {
        heap.close();
      }
    }
  }

  /**
   * Starts a process on the current reactor, beside its other processes and fibers. The default
   * socket's descriptors are the standard streams.
   *
   * @param main the process's first thread
   * @param pages the size of its heap, in pages of 4096 bytes
   * @return the started process
   * @throws WrongThreadException if there is no reactor on this thread
   */
  public static MicroProcess start(MicroThread main, int pages) {
    return start(main, MicroOptions.ofPages(pages));
  }

  /**
   * As {@link #start(MicroThread, int)}, with other options.
   *
   * @param main the process's first thread
   * @param options the process's options
   * @return the started process
   * @throws WrongThreadException if there is no reactor on this thread
   */
  public static MicroProcess start(MicroThread main, MicroOptions options) {
    StackReserve.check();
    return start(dispatcher(options), options, process -> process.begin(main, options));
  }

  /**
   * Starts a process whose default socket is the connection {@code peer}.
   *
   * @param main the process's first thread
   * @param options the process's options; its descriptors are not used
   * @param peer a connection returned by {@code accept}, or an end of a {@link MicroThread#pair};
   *     closed when the process ends, or if it can't start
   * @return the started process
   * @throws WrongThreadException if there is no reactor on this thread
   */
  public static MicroProcess start(MicroThread main, MicroOptions options, MicroConnection peer) {
    return start(main, options, peer, ended -> {});
  }

  /** As {@link #start(MicroThread, MicroOptions, MicroConnection)}. */
  static MicroProcess start(
      MicroThread main, MicroOptions options, MicroConnection peer, Consumer<MicroProcess> onEnd) {
    EventLoop.require("start");
    peer.requireFree();
    StackReserve.check(); // from here on, the connection is closed if the call fails
    try {
      MicroDispatcher dispatcher = dispatcher(options);
      PairEnd end = peer.end();
      if (end != null) {
        return start(
            dispatcher,
            options,
            made -> {
              made.control.onEnd(() -> onEnd.accept(made));
              made.begin(main, end);
            });
      }
      Handle handle = dispatcher.driver().newHandle("accepted connection");
      MicroProcess process =
          start(
              dispatcher,
              options,
              made -> {
                made.control.onEnd(() -> onEnd.accept(made));
                made.begin(main, handle, handle, true);
              });
      dispatcher.driver().open(handle, peer.take()); // allocates nothing, so it can't leak
      return process;
    } finally {
      peer.close(); // if it has not been taken
    }
  }

  /**
   * Starts a process that accepts connections: its default socket is the listening socket {@code
   * listener}, on which its threads call {@link MicroThread#accept}. Each connection is given to
   * another thread of the process by {@link MicroThread#accepted}, or to another process by {@link
   * #start(MicroThread, MicroOptions, MicroConnection)}. A {@link MicroService} does the latter by
   * itself.
   *
   * @param main the process's first thread
   * @param options the process's options; its descriptors are not used
   * @param listener a listener of this reactor on which no fiber accepts; closed when the process
   *     ends. If the process can't start, the listener stays open
   * @return the started process
   * @throws WrongThreadException if there is no reactor on this thread
   * @throws IllegalStateException if fibers have accepted connections on the listener
   */
  public static MicroProcess start(MicroThread main, MicroOptions options, TcpListener listener) {
    Acceptor acceptor = acceptor(listener);
    StackReserve.check();
    return start(
        dispatcher(options),
        options,
        made -> {
          made.listener = listener;
          made.begin(main, made.listening(acceptor.handle(), true));
        });
  }

  /** As the method above; the listener stays open. */
  static MicroProcess start(
      MicroThread main, MicroOptions options, Acceptor acceptor, Consumer<MicroProcess> onEnd) {
    StackReserve.check();
    return start(
        dispatcher(options),
        options,
        made -> {
          made.control.onEnd(() -> onEnd.accept(made));
          made.begin(main, made.listening(acceptor.handle(), false));
        });
  }

  /** The part of {@code listener} that accepts; throws if fibers use it. */
  static Acceptor acceptor(TcpListener listener) {
    Acceptor acceptor = Objects.requireNonNull(Acceptor.IN.of(listener));
    acceptor.requireUnused();
    return acceptor;
  }

  private static MicroDispatcher dispatcher(MicroOptions options) {
    long bytes = (long) options.pages() * MicroHeap.PAGE_BYTES;
    return MicroDispatcher.of(Math.max(options.slabBytes(), bytes), options.hugePages());
  }

  /** Starts a process; if that fails, it leaves no memory or descriptor behind. */
  private static MicroProcess start(
      MicroDispatcher dispatcher, MicroOptions options, Consumer<MicroProcess> begin) {
    MicroHeap heap = new MicroHeap(dispatcher.pool(), options.pages());
    ProcessControl control = null;
    boolean started = false;
    try {
      control = dispatcher.newProcess(heap.control, options.settings());
      MicroProcess process = new MicroProcess(heap, control);
      begin.accept(process);
      dispatcher.add(control); // the last step that can fail
      started = true;
      return process;
    } finally {
      if (!started) {
        if (control != null) {
          control.rings().release(); // the end of a pair may be among them
        }
        heap.close();
      }
    }
  }

  private void begin(MicroThread main, MicroOptions options) {
    IoDriver driver = control.driver();
    boolean isOne = options.output() == options.input();
    Handle input = driver.adopt(options.input(), isOne ? Direction.BOTH : Direction.INPUT);
    Handle output = input;
    boolean begun = false;
    try {
      if (!isOne) {
        output = driver.adopt(options.output(), Direction.OUTPUT);
      }
      begin(main, input, output, false);
      begun = true;
    } finally {
      if (!begun) {
        discard(driver, input);
        discard(driver, output);
      }
    }
  }

  private static void discard(IoDriver driver, Handle handle) {
    if (handle.isOwned() && handle.isOpen()) {
      driver.close(handle);
    }
  }

  private void begin(MicroThread main, PairEnd end) {
    if (!control.rings().pairs().take(end)) {
      throw needsPages(ByteRing.BYTES, "ring");
    }
    begin(main, new MicroSocket(control, end.rx, end.tx));
    end.given();
  }

  private IllegalArgumentException needsPages(long bytes, String what) {
    return new IllegalArgumentException(
        "the micro-heap needs page count of "
            + heap.neededPages(bytes)
            + " at least, for the "
            + what
            + " of its default socket: it has "
            + heap.pages());
  }

  private void begin(MicroThread main, Handle input, Handle output, boolean isSocket) {
    RingPair pair = control.rings().open(input, output, isSocket);
    if (pair == null) {
      throw needsPages(2L * ByteRing.BYTES, "rings");
    }
    begin(main, new MicroSocket(control, pair.rx(), pair.tx()));
  }

  /** Makes {@code main} the first thread, and plays it. */
  private void begin(MicroThread main, MicroSocket socket) {
    main.adoptedBy(this, socket);
    control.begin(main.control);
  }

  private MicroSocket listening(Handle socket, boolean owned) {
    ByteRing ring = control.rings().listening(socket, owned);
    if (ring == null) {
      throw new IllegalArgumentException("the micro-heap is too small for a listening socket");
    }
    return new MicroSocket(control, ring, ring);
  }

  // ---- the end

  /**
   * Waits until the process has ended. Suspends the calling fiber, or the calling thread of another
   * process.
   */
  public void join() {
    join(Deadline.NEVER);
  }

  /**
   * Waits until the process has ended or {@code deadline} passes. Suspends the calling fiber, or
   * the calling thread of another process.
   *
   * @param deadline when to stop waiting
   * @throws dev.weft.error.DeadlineExceededException if the process has not ended by then; it
   *     continues to run
   */
  public void join(Deadline deadline) {
    control.join(this, deadline);
  }

  /**
   * Terminates the process: its threads run their {@code lastly} with EINTR, operations in flight
   * are cancelled, and its connections are closed. Must be called on its reactor's thread, but not
   * by one of its own threads.
   */
  public void kill() {
    StackReserve.check();
    control.kill(this);
  }

  // ---- faults

  /**
   * Makes {@code thread} the supervisor: faults of all other threads are raised in it, as EFAULT.
   * The thread that failed stays suspended as it was last; if it is played, it continues from
   * there, and so tries again. After more than ten faults within a second the thread that failed
   * last is ended.
   *
   * @param thread a thread of this process
   */
  public void supervise(MicroThread thread) {
    supervise(thread, FaultLimit.COUNT_MAX, FaultLimit.WITHIN);
  }

  /**
   * As {@link #supervise(MicroThread)}, with another limit.
   *
   * @param thread a thread of this process
   * @param faultsMax how many faults of the process are tolerated, at least 0
   * @param within the period in which they are counted
   */
  public void supervise(MicroThread thread, int faultsMax, Duration within) {
    if (!control.has(thread.control)) {
      throw new IllegalArgumentException(
          thread.control.label() + " is not a thread of this process");
    }
    if (faultsMax < 0 || within.isNegative()) {
      throw new IllegalArgumentException(
          "faultsMax and within must not be negative: " + faultsMax + ", " + within);
    }
    control.faults().supervisor(thread.control);
    control.faults().limit(faultsMax, within);
  }

  @Override
  public String toString() {
    return control.toString();
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import dev.weft.error.Errno;
import dev.weft.error.ReactorUnavailableException;
import java.lang.foreign.MemorySegment;
import java.security.SecureRandom;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Asynchronous I/O for one reactor: performs {@link Op}s and reports their completions. Not
 * thread-safe, except {@link #wakeup}.
 *
 * <p>The interface is completion-based: a ring copies an operation's fields into its queue, another
 * backend tries the operation and retries it when the descriptor is ready, a simulator decides by a
 * seed.
 */
public abstract class Backend extends OpenHandles implements AutoCloseable {
  /** A timeout for {@link #poll}: wait until something completes. */
  public static final long FOREVER = Long.MAX_VALUE;

  /** Gets the operations of all users of a backend. Its methods must not throw. */
  public interface Observer {
    /** Called when an operation has been submitted. */
    void submitted(Op op);

    /** Called with each result of an operation, before its listener gets it. */
    void completed(Op op);
  }

  private @Nullable Observer observer;

  private final BackendStats stats = new BackendStats();

  /** The reactor's thread. */
  private final Thread thread = Thread.currentThread();

  /** The account of the table of direct descriptors; null if there is none. */
  protected @Nullable DirectTable directTable;

  private final String name;
  private final Set<Capability> capabilities;

  /**
   * For the backends of the library and of the test kit: no other module can see this package.
   *
   * @param name the name for users
   * @param capabilities what this backend can do
   */
  protected Backend(String name, Set<Capability> capabilities) {
    this.name = name;
    this.capabilities = EnumSet.noneOf(Capability.class);
    this.capabilities.addAll(capabilities);
  }

  /** The name for users: "io_uring", "selector", "simulation". */
  public final String name() {
    return name;
  }

  /** Whether this backend can do that. */
  public final boolean has(Capability capability) {
    return capabilities.contains(capability);
  }

  /**
   * Checks that this backend has a capability.
   *
   * @param what the operation that needs it, for the message
   * @throws UnsupportedOperationException if it has not
   */
  public final void require(Capability capability, String what) {
    if (!has(capability)) {
      throw new UnsupportedOperationException(what + ": the " + name + " backend can't do that");
    }
  }

  /** Does without a capability from now on, as on a backend that lacks it: for tests. */
  public final void disable(Capability capability) {
    capabilities.remove(capability);
  }

  /**
   * Makes an operation whose completions {@code listener} gets. The caller owns it until it is
   * released.
   */
  public final Op create(Op.Listener listener) {
    return table.create(listener);
  }

  /** Frees an operation, which must not be in flight. */
  public final void release(Op op) {
    table.release(op);
  }

  /**
   * Starts {@code op} and the operations linked to it. Never blocks. It completes later, exactly
   * once (once per shot if multishot). Until the last completion the operation holds its
   * descriptors and memory.
   *
   * @throws IllegalStateException if the arena of its memory is closed; then nothing was started
   */
  public final void submit(Op op) {
    submitUnobserved(op);
    Observer watching = observer;
    if (watching != null) {
      for (Op member = op; member != null; member = member.link) {
        watching.submitted(member);
      }
      if (op.isDone()) { // by submitOrPerform
        watching.completed(op);
      }
    }
  }

  /**
   * As {@link #submit}, but a backend that can carry out the operation without waiting may do so:
   * then it is done on return, and its listener is not called. To be called on the thread that may
   * access the operation's memory.
   */
  public void submitOrPerform(Op op) {
    submit(op);
  }

  /**
   * Carries out a transfer or a poll that need not wait; it is not submitted, and no listener is
   * called. To be called on the thread that may access the memory.
   *
   * @return at least 0, -EAGAIN if it would have to wait: then nothing has happened; -EOPNOTSUPP if
   *     the backend can't know that, and otherwise -errno
   */
  public final int attempt(Op op) {
    try {
      op.leaseMemory(thread);
      return attemptNow(op);
    } finally {
      op.releaseMemory();
    }
  }

  /** Carries out {@link #attempt}; the operation holds its descriptor and memory. */
  protected abstract int attemptNow(Op op);

  /**
   * Delivers what has completed, without waiting, if the calling thread can do that; it is the
   * reactor's or that of a fiber.
   */
  public void pollNow() {
    poll(0);
  }

  /** As {@link #submit}, for operations of the backend itself. */
  protected final void submitUnobserved(Op op) {
    if (op.isBusy()) {
      throw new IllegalStateException("submitted while it is in flight: " + op);
    }
    boolean started = false;
    try {
      op.leaseMemory(thread);
      for (Op member = op.link; member != null; member = member.link) {
        member.leaseMemory(thread);
      }
      DirectTable slots = directTable;
      if (slots != null) {
        slots.begin(op);
      }
      start(op);
      started = true;
    } finally {
      if (!started) {
        abandon(op);
      }
    }
  }

  /** Sets the observer of all operations; null for none. */
  public final void observe(@Nullable Observer observer) {
    this.observer = observer;
  }

  /**
   * Undoes the submit of operations that could not be started, because memory or stack is
   * exhausted. Its calls are no deeper than those that succeeded before, so the stack suffices.
   */
  private void abandon(Op head) {
    DirectTable slots = directTable;
    if (slots != null) {
      slots.abandon(head);
    }
    for (Op member = head; member != null; member = member.link) {
      member.state = Op.State.FREE;
      member.releaseMemory();
    }
  }

  /**
   * Starts {@code op} and the operations linked to it, which hold their descriptors and memory. If
   * it throws, nothing was started.
   */
  protected abstract void start(Op op);

  /** Performs a call without waiting; returns at least 0, or -errno. */
  public abstract int perform(Call call);

  /**
   * Submits what is queued, waits up to {@code timeoutNanos} for a completion, and delivers the
   * completions that are ready.
   *
   * @return the number of completions delivered
   */
  public abstract int poll(long timeoutNanos);

  /** Ends the poll in progress, or the next one. May be called from any thread. */
  public abstract void wakeup();

  /** Requests connections: many if the backend can do that, otherwise one. */
  public final Op requestAccept(Op op, Handle handle) {
    return has(Capability.MULTISHOT_ACCEPT) ? op.acceptMultishot(handle) : op.accept(handle);
  }

  /**
   * Opens a group of buffers for {@link Op#receiveAny}, with a number of its own.
   *
   * @param count the maximum number of buffers on offer, a power of two up to 32768
   * @param bytes the size of each buffer
   * @return null if the backend has no buffer groups, or no memory for one
   */
  public final @Nullable BufferGroup openBufferGroup(int count, int bytes) {
    return has(Capability.BUFFER_GROUPS) ? newBufferGroup(count, bytes) : null;
  }

  /** Opens a buffer group; called only if the backend {@link #has} them. */
  protected @Nullable BufferGroup newBufferGroup(int count, int bytes) {
    throw new AssertionError("not implemented");
  }

  /**
   * Lets the threads that work for this backend run on these CPUs, as far as the kernel allows.
   * Only for backends that have {@link Capability#CPU_AFFINITY}.
   */
  public void pinWorkers(BitSet cpus) {}

  /**
   * Announces an operation that can block a kernel worker for an unlimited time, such as opening a
   * named pipe. The backend makes sure that workers are left for other operations, which may be
   * what it waits for.
   */
  public void beginBlocking() {}

  /** Ends what {@link #beginBlocking} announced. */
  public void endBlocking() {}

  // ---- direct descriptors

  /**
   * Opens the table of direct descriptors. To be called once, before one is asked for.
   *
   * @param size the most that are open at a time
   * @throws ReactorUnavailableException if there can be none, or not of that size
   */
  public final void openDirectTable(int size) throws ReactorUnavailableException {
    if (!has(Capability.DIRECT_DESCRIPTORS)) {
      throw new ReactorUnavailableException(
          "the " + name + " backend has no direct descriptors here: io_uring of Linux 6.8 has them",
          Errno.EOPNOTSUPP);
    }
    registerDirectTable(size);
    directTable = new DirectTable(size);
  }

  /** Opens the table; called only if the backend {@link #has} direct descriptors. */
  protected void registerDirectTable(int size) throws ReactorUnavailableException {
    throw new AssertionError("not implemented");
  }

  /**
   * Checks that there is a table of direct descriptors.
   *
   * @param what the operation that needs it, for the message
   * @throws UnsupportedOperationException if the backend can't have one
   * @throws IllegalStateException if the reactor was opened without one
   */
  public final void requireDirectTable(String what) {
    require(Capability.DIRECT_DESCRIPTORS, what);
    if (directTable == null) {
      throw new IllegalStateException(
          what
              + ": the reactor has no direct descriptors: see"
              + " ReactorOptions.withDirectDescriptors");
    }
  }

  /** An unpredictable number; in a simulation its seed decides. */
  public long random() {
    return Randomness.SOURCE.nextLong();
  }

  /** Made when it is needed: it opens files. */
  private static final class Randomness {
    static final SecureRandom SOURCE = new SecureRandom();
  }

  /**
   * Registers memory, so that transfers from and to it are cheaper. It must stay reachable until
   * the backend is closed.
   *
   * @return 0, or -errno; -EOPNOTSUPP where that is not possible or has no use
   */
  public int registerMemory(MemorySegment memory) {
    return -Errno.EOPNOTSUPP.code();
  }

  /** The number of the callers' operations that have not completed. */
  public abstract int inFlight();

  public final BackendStats stats() {
    return stats;
  }

  // ---- state transitions of operations, for backends in other packages

  /** Sets READY: {@code op} and the operations linked to it wait for room in the queue. */
  protected static void defer(Op op) {
    for (Op member = op; member != null; member = member.link) {
      member.state = Op.State.READY;
      member.cancelRequested = false;
    }
  }

  /** Sets IN_FLIGHT: {@code op} has been submitted. */
  protected static void begin(Op op) {
    op.generation++;
    op.state = Op.State.IN_FLIGHT;
    op.cancelRequested = false;
  }

  /**
   * Records a cancel of {@code op}; returns whether it is in flight, so that it must be stopped.
   */
  protected static boolean beginCancel(Op op) {
    if (op.state == Op.State.READY) {
      op.cancelRequested = true;
      return false;
    }
    if (op.state != Op.State.IN_FLIGHT) {
      return false;
    }
    op.state = Op.State.CANCELLING;
    return true;
  }

  /** Whether a cancel was recorded of one of a chain that has not been submitted. */
  protected static boolean isAnyCancelled(Op head) {
    for (Op member = head; member != null; member = member.link) {
      if (member.cancelRequested) {
        return true;
      }
    }
    return false;
  }

  /** Completes {@code op} with its last result, which returns no buffer. */
  protected final void complete(Op op, int result) {
    complete(op, result, false, Op.NO_BUFFER);
  }

  /** Ends {@code op}, which {@link #start} has carried out for {@link #submitOrPerform}. */
  protected static void endPerformed(Op op, int result) {
    op.settle(result, false, Op.NO_BUFFER);
  }

  /** As {@link #complete(Op, int)}, for operations of the backend itself. */
  protected static void completeUnobserved(Op op, int result) {
    endPerformed(op, result);
    op.deliver();
  }

  /**
   * Delivers a result of {@code op}.
   *
   * @param result at least 0, or -errno
   * @param more whether a multishot operation continues
   * @param buffer the number of the buffer that is returned, or {@link Op#NO_BUFFER}
   */
  protected final void complete(Op op, int result, boolean more, int buffer) {
    DirectTable slots = directTable;
    op.settle(slots == null ? result : slots.end(op, result), more, buffer);
    Observer watching = observer;
    if (watching != null) {
      watching.completed(op);
    }
    op.deliver();
  }

  /** Cancels the operations in flight, waits until all have completed, and frees all resources. */
  @Override
  public abstract void close();
}

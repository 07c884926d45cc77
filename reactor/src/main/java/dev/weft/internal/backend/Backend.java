// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import dev.weft.internal.failure.Failures;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Asynchronous I/O for one reactor: performs {@link Op}s and reports their completions. Not
 * thread-safe, except {@link #wakeup}.
 *
 * <p>The interface is completion-based: a ring copies an operation's fields into its queue, another
 * backend tries the operation and retries it when the descriptor is ready, a simulator decides by a
 * seed.
 */
public abstract class Backend implements AutoCloseable, DescriptorHandOver {
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

  /** The owned handles that are open or closing, newest first. */
  private @Nullable Handle handles;

  /** The head of the list of the handles that {@link #closeOverdue} is to close. */
  private @Nullable Handle overdue;

  private final ReferenceQueue<Object> garbage = new ReferenceQueue<>();
  private Consumer<Handle> leakListener = handle -> {};
  private final Handle.Listener closer = this::closeWhenUnused;

  /** The table of the operations that {@link #create} makes. */
  protected final OpTable table = new OpTable();

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
      start(op);
      started = true;
    } finally {
      if (!started) {
        releaseMemory(op);
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
  private static void releaseMemory(Op head) {
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

  /** Requests that {@code op} stop. It still completes: with -ECANCELED, or with its result. */
  public abstract void cancel(Op op);

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

  // ---- descriptors

  /**
   * Makes a handle without a descriptor; {@link #open} sets it.
   *
   * @param user the object that users have; when it is garbage, the descriptor has leaked
   * @param description the name for messages; must not be or refer to {@code user}
   */
  public final Handle newHandle(Object user, Object description) {
    Throwable origin = Handle.RECORDS_ORIGINS ? new Handle.Origin() : null;
    return new Handle(user, garbage, description, true, origin);
  }

  /** Makes a handle without a descriptor that is not watched for leaks. */
  public final Handle newHandle(Object description) {
    Throwable origin = Handle.RECORDS_ORIGINS ? new Handle.Origin() : null;
    return new Handle(null, null, description, true, origin);
  }

  /** Sets the descriptor of a new handle, which owns it from now on. */
  public final void open(Handle handle, int descriptor) {
    handle.opened(descriptor);
    Handle head = handles;
    handle.next = head;
    if (head != null) {
      head.previous = handle;
    }
    handles = handle;
  }

  /**
   * Begins to close a handle: no operation can start on it, and those in progress are cancelled.
   * {@link #endClose} or {@link #closeWhenUnused} must follow.
   *
   * @param listener called when the last operation has completed; not called if there is none
   */
  public final void beginClose(Handle handle, Handle.@Nullable Listener listener) {
    handle.closing();
    handle.listener = listener;
    int left = handle.uses;
    left -= cancelIfAny(handle.first);
    left -= cancelIfAny(handle.second);
    if (left > 0) {
      table.forEachBusy(
          op -> {
            if (op.uses(handle)) {
              cancel(op);
            }
          });
    }
  }

  private int cancelIfAny(@Nullable Op op) {
    if (op == null) {
      return 0;
    }
    cancel(op);
    return 1;
  }

  /**
   * Ends the close of an unused handle.
   *
   * @return the descriptor, which the caller must close now; -1 if the handle does not own it
   */
  public final int endClose(Handle handle) {
    if (handle.isOwned()) {
      Handle before = handle.previous;
      Handle after = handle.next;
      if (before == null) {
        handles = after;
      } else {
        before.next = after;
      }
      if (after != null) {
        after.previous = before;
      }
    }
    handle.closed();
    return handle.isOwned() ? handle.rawNumber() : Handle.NONE;
  }

  /**
   * Ends the close of a handle when no operation uses it any more, which can be now.
   *
   * @return 0, or -errno if close(2) was called now and failed
   */
  public final int closeWhenUnused(Handle handle) {
    if (handle.isUnused()) {
      int descriptor = endClose(handle);
      return descriptor < 0 ? 0 : closeDescriptor(descriptor);
    }
    handle.listener = closer;
    return 0;
  }

  /**
   * Leaves the close of a handle to {@link #closeOverdue}: the caller has no stack for it, and may
   * not be able to try again. Calls nothing.
   */
  public final void closeLater(Handle handle) {
    if (!handle.isOverdue) {
      handle.isOverdue = true;
      handle.nextOverdue = overdue;
      overdue = handle;
    }
  }

  /**
   * Closes the handles given to {@link #closeLater}, unless they are closed. Called by the loop.
   */
  public final void closeOverdue() {
    for (Handle handle; (handle = overdue) != null; ) {
      overdue = handle.nextOverdue;
      handle.nextOverdue = null;
      handle.isOverdue = false;
      if (handle.isOpen()) {
        beginClose(handle, null);
        closeWhenUnused(handle);
      }
    }
  }

  /**
   * Closes a descriptor synchronously; returns 0 or -errno. It is closed even if close(2) fails.
   */
  @Override
  public abstract int closeDescriptor(int descriptor);

  /** The head of the list of open and closing handles, newest first; or null. */
  public final @Nullable Handle handles() {
    return handles;
  }

  /** An open handle whose user's object has become garbage; null if there is none. */
  public final @Nullable Handle findGarbage() {
    for (Reference<?> found; (found = garbage.poll()) != null; ) {
      if (found instanceof Handle handle && handle.isOpen()) {
        return handle;
      }
    }
    return null;
  }

  /** Sets the listener that gets each handle that is still open when the backend is closed. */
  public final void onLeak(Consumer<Handle> listener) {
    leakListener = listener;
  }

  /**
   * Closes all handles when the backend is closed; nothing is in flight. All are closed even if the
   * leak listener throws; its first exception is thrown at the end.
   */
  protected final void closeHandles() {
    Throwable failure = null;
    for (Handle handle; (handle = handles) != null; ) {
      try {
        if (handle.isOpen()) {
          leakListener.accept(handle);
        }
      } catch (Throwable e) {
        failure = failure == null ? e : failure;
      }
      if (handle.isOpen()) {
        handle.closing();
      }
      closeDescriptor(endClose(handle));
    }
    Failures.throwIfAny(failure);
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
    op.settle(result, more, buffer);
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

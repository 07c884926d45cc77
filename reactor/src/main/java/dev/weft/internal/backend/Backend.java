// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import dev.weft.error.Errno;
import dev.weft.internal.uring.KernelFeatures;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Carries out operations for one reactor. Not thread-safe, except {@link #wakeup}.
 *
 * <p>The seam is the operation, not readiness: a ring copies its fields into an SQE, another
 * backend tries it and retries when ready, a simulator decides by seed.
 */
public abstract class Backend implements AutoCloseable {
  /** A timeout for {@link #poll}: until something completes. */
  public static final long FOREVER = Long.MAX_VALUE;

  private final BackendStats stats = new BackendStats();

  /** The reactor's thread. */
  private final Thread thread = Thread.currentThread();

  /** The owned handles that are open or closing, newest first. */
  private @Nullable Handle handles;

  private final ReferenceQueue<Object> garbage = new ReferenceQueue<>();
  private Consumer<Handle> leakListener = handle -> {};
  private final Handle.Listener closer = this::closeWhenUnused;

  /** Where the operations live that {@link #create} makes. */
  protected final OpTable table = new OpTable();

  /**
   * For the ring here, and for the simulator: this package is exported to the test kit alone, so
   * none can be added outside.
   */
  protected Backend() {}

  /**
   * Makes an operation whose results {@code listener} gets. It belongs to the caller until
   * released.
   */
  public final Op create(Op.Listener listener) {
    return table.create(listener);
  }

  /** Takes an operation back. It must not be in flight. */
  public final void release(Op op) {
    table.release(op);
  }

  /**
   * Starts {@code op}, and what is linked behind it. Never blocks. It completes later, exactly once
   * (once per shot if multishot); only a control operation has completed when this returns, and its
   * listener is not told. Until the last completion it holds its descriptors and memory.
   *
   * @throws IllegalStateException if the arena of its memory is closed; nothing has started then
   */
  public final void submit(Op op) {
    if (op.opcode >= Op.SOCKET) {
      settleAtOnce(op, perform(op));
      return;
    }
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

  /**
   * Undoes the submit of what has not started, no memory or stack being left for it. The calls are
   * no deeper than those that have succeeded, so that there is stack for them.
   */
  private static void releaseMemory(Op head) {
    for (Op member = head; member != null; member = member.link) {
      member.state = Op.State.FREE;
      member.releaseMemory();
    }
  }

  /**
   * Starts {@code op}, and what is linked behind it; all of it holds what it needs. If it throws,
   * nothing has started.
   */
  protected abstract void start(Op op);

  /** Carries out a control operation; returns at least 0, or -errno. */
  protected abstract int perform(Op op);

  /** Asks {@code op} to stop. It still completes: with -ECANCELED, or with what it had achieved. */
  public abstract void cancel(Op op);

  /**
   * Hands over what is queued, waits up to {@code timeoutNanos} for a completion, delivers what is
   * ready.
   *
   * @return how many completions were delivered
   */
  public abstract int poll(long timeoutNanos);

  /** Ends a poll in progress, or the next one. Any thread. */
  public abstract void wakeup();

  /**
   * Opens the one set of buffers that {@link Op#receiveAny} takes from, so that who waits for bytes
   * holds no memory.
   *
   * @param count how many may be offered at a time, a power of two up to 32768
   * @return at least 0, or -errno: then there is no such receive
   */
  public int openReceiveBuffers(int count) {
    return -Errno.EOPNOTSUPP.code();
  }

  /**
   * Offers a buffer, which is the backend's until a result has its number ({@link Op#buffer}).
   *
   * @param number which is not on offer, from 0 to 65535
   */
  public void offerReceiveBuffer(int number, long address, int bytes) {
    throw new IllegalStateException("no receive buffers have been opened");
  }

  /** Takes back all that is on offer; no receive of them is in flight. */
  public void closeReceiveBuffers() {}

  /**
   * Announces an operation that may hold a worker of the kernel for as long as others like, such as
   * to open a named pipe: there are to be workers left for the others, who may be what it waits
   * for.
   */
  public void beginBlocking() {}

  /** The operation that was announced by {@link #beginBlocking} is over. */
  public void endBlocking() {}

  // ---- descriptors

  /**
   * Makes a handle for a descriptor that there is not yet: give it one by {@link #open}.
   *
   * @param user what users have of it; when that is garbage, the descriptor has leaked
   * @param description for messages; neither {@code user} nor anything that refers to it
   */
  public final Handle newHandle(Object user, Object description) {
    Throwable origin = Handle.RECORDS_ORIGINS ? new Handle.Origin() : null;
    return new Handle(user, garbage, description, true, origin);
  }

  /** Makes a handle, as {@link #newHandle} does, that its user can't lose. */
  public final Handle newHandle(Object description) {
    Throwable origin = Handle.RECORDS_ORIGINS ? new Handle.Origin() : null;
    return new Handle(null, null, description, true, origin);
  }

  /** Gives a new handle its descriptor, which is the handle's to close from now on. */
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
   * Begins to close a handle: no operation can start on it, and those that there are, are asked to
   * stop. {@link #endClose} or {@link #closeWhenUnused} must follow.
   *
   * @param listener told when the last operation has completed; not if there is none
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
   * @return the descriptor, which the caller must close now; -1 if it is somebody else's
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
   * Ends the close of a handle as soon as no operation names it, perhaps now.
   *
   * @return 0, or -errno of close(2) if it has been closed and that failed
   */
  public final int closeWhenUnused(Handle handle) {
    if (handle.isUnused()) {
      int descriptor = endClose(handle);
      return descriptor < 0 ? 0 : closeDescriptor(descriptor);
    }
    handle.listener = closer;
    return 0;
  }

  /** Closes a descriptor at once, whatever comes of it: close(2) leaves none open. */
  public abstract int closeDescriptor(int descriptor);

  /** The handle opened last of those that are open or closing, or null. */
  public final @Nullable Handle handles() {
    return handles;
  }

  /** A handle that is open although nobody can reach what it belongs to; null if there is none. */
  public final @Nullable Handle findGarbage() {
    for (Reference<?> found; (found = garbage.poll()) != null; ) {
      if (found instanceof Handle handle && handle.isOpen()) {
        return handle;
      }
    }
    return null;
  }

  /** Has {@code listener} told of each handle that is open when the backend is closed. */
  public final void onLeak(Consumer<Handle> listener) {
    leakListener = listener;
  }

  /**
   * Closes what is open when the backend is: nothing is in flight. All of it is closed, whatever
   * the listener throws, and what it throws first is thrown at the end.
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
    if (failure instanceof RuntimeException exception) {
      throw exception;
    }
    if (failure instanceof Error error) {
      throw error;
    }
  }

  public abstract KernelFeatures features();

  /** How many operations of callers have not completed. */
  public abstract int inFlight();

  public final BackendStats stats() {
    return stats;
  }

  // ---- the states of operations, for backends in other packages

  /** READY: {@code op} and what is linked behind it are taken, and wait for room. */
  protected static void defer(Op op) {
    for (Op member = op; member != null; member = member.link) {
      member.state = Op.State.READY;
      member.cancelRequested = false;
    }
  }

  /** IN_FLIGHT: {@code op} alone has been passed on. */
  protected static void begin(Op op) {
    op.generation++;
    op.state = Op.State.IN_FLIGHT;
    op.cancelRequested = false;
  }

  /** Notes that {@code op} is to stop; returns whether it has been passed on, so that it knows. */
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

  /** DONE, without telling the listener: how a control operation ends inside submit. */
  protected static void settleAtOnce(Op op, int result) {
    op.result = result;
    op.state = Op.State.DONE;
  }

  /** Gives {@code op} a result, its last one unless {@code flags} say that it has more. */
  protected static void complete(Op op, int result, int flags) {
    op.complete(result, flags);
  }

  /** Cancels what is in flight, waits until all of it has completed, and lets go of the kernel. */
  @Override
  public abstract void close();
}

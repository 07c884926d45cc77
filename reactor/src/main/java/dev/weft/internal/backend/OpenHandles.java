// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import dev.weft.internal.failure.Failures;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The handles of a {@link Backend}: makes and opens them, closes each when no operation uses its
 * descriptor any more, and finds those that leaked. Confined to the reactor's thread.
 */
public abstract class OpenHandles implements DescriptorHandOver {
  /** The handles that {@link #open} has opened and that are open or closing, newest first. */
  private @Nullable Handle handles;

  /** The head of the list of the handles that {@link #closeOverdue} is to close. */
  private @Nullable Handle overdue;

  private final ReferenceQueue<Object> garbage = new ReferenceQueue<>();
  private Consumer<Handle> leakListener = handle -> {};
  private final Handle.Listener closer = this::closeWhenUnused;
  private final Handle.Listener retirer = this::closeRetired;

  /** The table of the operations that {@link Backend#create} makes. */
  protected final OpTable table = new OpTable();

  OpenHandles() {}

  /** Requests that {@code op} stop. It still completes: with -ECANCELED, or with its result. */
  public abstract void cancel(Op op);

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

  /**
   * Makes an open handle of something else than a descriptor, which is reported as a leak unless
   * the handle is closed.
   *
   * @param user the object that users have; when it is garbage, the thing has leaked
   * @param description the name for messages; must not be or refer to {@code user}
   * @param onClose see {@link Handle#onClose}
   */
  public final Handle watch(Object user, Object description, Runnable onClose) {
    Throwable origin = Handle.RECORDS_ORIGINS ? new Handle.Origin() : null;
    Handle handle = new Handle(user, garbage, description, false, origin);
    handle.onClose(onClose);
    open(handle, Handle.NONE);
    return handle;
  }

  /** Sets the descriptor of a new handle, which owns it from now on. */
  public final void open(Handle handle, int descriptor) {
    handle.opened(descriptor);
    handle.isListed = true;
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
      cancelUsers(handle);
    }
  }

  /** Cancels the operations that are in progress on an open handle, which stays open. */
  public final void cancelAll(Handle handle) {
    if (!handle.isUnused()) {
      cancelUsers(handle);
    }
  }

  private void cancelUsers(Handle handle) {
    table.forEachBusy(
        op -> {
          if (op.uses(handle)) {
            cancel(op);
          }
        });
  }

  /** The operations that are in progress on a handle, but for those that go on until a cancel. */
  public final BegunOps begunOps(Handle handle) {
    BegunOps begun = new BegunOps();
    table.forEachBusy(
        op -> {
          if (op.uses(handle)) {
            begun.add(op);
          }
        });
    return begun;
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
    closeRetired(handle);
    if (handle.isListed) {
      handle.isListed = false;
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
   * Gives an open handle another descriptor of the same open file, which it owns from now on. The
   * old one is closed when no operation uses it any more, which can be now.
   *
   * @throws IllegalStateException if the one before that is still in use
   */
  public final void replace(Handle handle, int descriptor) {
    handle.replace(descriptor);
    if (handle.isUnused()) {
      closeRetired(handle);
    } else {
      handle.listener = retirer;
    }
  }

  private void closeRetired(Handle handle) {
    int retired = handle.takeRetired();
    if (retired != Handle.NONE) {
      closeDescriptor(retired);
    }
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
      int descriptor = endClose(handle);
      if (descriptor >= 0) {
        closeDescriptor(descriptor);
      }
    }
    Failures.throwIfAny(failure);
  }
}

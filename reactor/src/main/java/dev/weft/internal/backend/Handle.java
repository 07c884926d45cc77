// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import org.jspecify.annotations.Nullable;

/**
 * A file descriptor with its state and its users. Operations refer to a handle instead of the
 * descriptor's number: the kernel reuses a number as soon as it is closed, so an operation that
 * still had the number would be performed on another file.
 *
 * <p>
 *
 * {@snippet :
 *   NEW -> OPEN -> CLOSING -> CLOSED
 *    \------------------------^        no descriptor was ever set
 * }
 *
 * A backend counts the operations that use a handle, from submit to their last completion. CLOSING
 * means that these are being cancelled and that no other can start. Only when none is left does the
 * handle become CLOSED and the descriptor is closed.
 *
 * <p>Confined to its reactor's thread. A backend lists the owned handles that are open, and closes
 * them at its end. A handle must not refer to the object that users have: when that object is
 * garbage, {@link Backend#findGarbage} returns the handle.
 */
public final class Handle extends PhantomReference<Object> {
  /** Whether handles record where they were opened: the property dev.weft.trace.opens. */
  static final boolean RECORDS_ORIGINS = Boolean.getBoolean("dev.weft.trace.opens");

  /** The number of no descriptor. */
  public static final int NONE = -1;

  /**
   * Called once, on the reactor's thread, when no operation uses a handle any more that is closing,
   * or has got another descriptor.
   */
  public interface Listener {
    void unused(Handle handle);
  }

  /** The state of a handle. */
  public enum State {
    NEW,
    OPEN,
    CLOSING,
    CLOSED
  }

  /** Carries the stack trace of the place where a handle was opened. */
  static final class Origin extends Throwable {
    private static final long serialVersionUID = 1L;

    Origin() {
      super("opened here", null, false, true);
    }
  }

  /** The name for messages, or the kind with a number. */
  private final Object description;

  private final boolean owned;
  private final @Nullable Throwable origin;
  private int number = NONE;
  private State state = State.NEW;

  /** The number of operations that use the handle and have not completed. */
  int uses;

  // Two of those operations, so that most closes need no search for what to cancel.
  @Nullable Op first;
  @Nullable Op second;

  @Nullable Listener listener;

  /** Called whenever an operation has ended. */
  private @Nullable Listener watcher;

  /** The descriptor that it had before, to be closed when no operation uses it; or NONE. */
  private int retired = NONE;

  private @Nullable Runnable cleanup;

  // ---- the list of open handles of a backend
  boolean isListed;
  @Nullable Handle previous;
  @Nullable Handle next;

  // ---- the list of handles that a backend has to close, because a close had too little stack
  boolean isOverdue;
  @Nullable Handle nextOverdue;

  /**
   * Makes a handle without a descriptor; {@link Backend#open} sets it. Everything is allocated
   * before the descriptor exists, so that none can leak.
   *
   * @param user the object that users have: when it is garbage the descriptor has leaked. Null if
   *     that can't happen
   * @param garbage the queue of the backend; null if {@code user} is null
   * @param description the name for messages; must not be or refer to {@code user}
   * @param owned whether closing the handle closes the descriptor
   */
  Handle(
      @Nullable Object user,
      @Nullable ReferenceQueue<Object> garbage,
      Object description,
      boolean owned,
      @Nullable Throwable origin) {
    super(user, garbage);
    this.description = description;
    this.owned = owned;
    this.origin = origin;
  }

  /**
   * Makes an open handle of a descriptor that it does not own, and that no backend lists.
   *
   * @param number the descriptor
   * @param description the name for messages
   */
  public static Handle borrowed(int number, Object description) {
    Handle handle = borrowed(description);
    handle.opened(number);
    return handle;
  }

  /** As {@link #borrowed(int, Object)}, without a descriptor yet; {@link #opened} sets it. */
  public static Handle borrowed(Object description) {
    return new Handle(null, null, description, false, null);
  }

  /**
   * Sets an action that runs just before the descriptor is closed, however the handle is closed. It
   * must not throw or refer to the user's object.
   */
  public void onClose(Runnable action) {
    cleanup = action;
  }

  /** Sets the descriptor of a handle that was made without one. */
  public void opened(int number) {
    assert state == State.NEW : this;
    this.number = number;
    state = State.OPEN;
  }

  void closing() {
    assert state == State.OPEN : this;
    state = State.CLOSING;
  }

  void closed() {
    assert uses == 0 : this;
    Runnable last = cleanup;
    if (last != null) {
      cleanup = null;
      last.run();
    }
    state = State.CLOSED;
    previous = null;
    next = null;
    clear();
  }

  /** The descriptor, for immediate use; {@link #NONE} if the handle is not open. */
  public int number() {
    return state == State.OPEN ? number : NONE;
  }

  /** The descriptor in any state: for counted operations, and for the final close. */
  int rawNumber() {
    return number;
  }

  /** Whether the handle is open and its descriptor a {@link DirectDescriptor}. */
  public boolean isDirect() {
    return DirectDescriptor.is(number());
  }

  /**
   * Sets another descriptor of the same open file. The old one is {@link #takeRetired}.
   *
   * @throws IllegalStateException if the one before that is still in use
   */
  void replace(int other) {
    requireOneDescriptor();
    retired = number;
    number = other;
  }

  /**
   * Checks that every operation uses the present descriptor.
   *
   * @throws IllegalStateException if the one before it is still in use
   */
  public void requireOneDescriptor() {
    if (retired != NONE) {
      throw new IllegalStateException(
          description + ": operations are in progress that use the descriptor it had before");
    }
  }

  /** Takes the descriptor that it had before, to be closed; {@link #NONE} if there is none. */
  int takeRetired() {
    int taken = retired;
    retired = NONE;
    return taken;
  }

  public boolean isOpen() {
    return state == State.OPEN;
  }

  public State state() {
    return state;
  }

  public boolean isOwned() {
    return owned;
  }

  /** Whether no operation uses the handle. */
  public boolean isUnused() {
    return uses == 0;
  }

  /** The number of operations that use the handle and have not completed. */
  public int uses() {
    return uses;
  }

  public Object description() {
    return description;
  }

  /** Where the handle was opened, if {@link #RECORDS_ORIGINS}; otherwise null. */
  public @Nullable Throwable origin() {
    return origin;
  }

  // ---- counting the operations

  void use(Op op) {
    uses++;
    if (first == null) {
      first = op;
    } else if (second == null) {
      second = op;
    }
  }

  void unuse(Op op) {
    if (first == op) {
      first = null;
    } else if (second == op) {
      second = null;
    }
    --uses;
    Listener watching = watcher;
    if (watching != null) {
      watching.unused(this);
    }
    if (uses == 0) {
      notifyUnused();
    }
  }

  /** The listener that is called whenever an operation on the handle has ended, or null. */
  public @Nullable Listener watcher() {
    return watcher;
  }

  /** Sets the {@link #watcher}. */
  public void watch(Listener watching) {
    watcher = watching;
  }

  private void notifyUnused() {
    Listener notified = listener;
    if (notified != null) {
      listener = null;
      notified.unused(this);
    }
  }

  @Override
  public String toString() {
    return description
        + " ("
        + DirectDescriptor.text(number)
        + ", "
        + state
        + ", "
        + uses
        + " in use)";
  }
}

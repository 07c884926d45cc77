// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import org.jspecify.annotations.Nullable;

/**
 * The identity of a descriptor. Operations name a handle instead of the descriptor's number: the
 * kernel gives a number out again as soon as it has been closed, so an operation that still named
 * it would be carried out on something else.
 *
 * <p>
 *
 * {@snippet :
 *   NEW -> OPEN -> CLOSING -> CLOSED
 *    \------------------------^        there never was a descriptor
 * }
 *
 * A backend counts the operations that name a handle, from submit to their last completion. CLOSING
 * means that these have been asked to stop, and that no other may start. Only when none is left
 * does the handle become CLOSED and its number go back to the system.
 *
 * <p>Belongs to its reactor's thread. An owned handle is listed in its backend while it is open, so
 * that the backend can close it at the end. It must not refer to the object that users have: when
 * that object is garbage, the handle is found in {@link Backend#findGarbage}.
 */
public final class Handle extends PhantomReference<Object> {
  /** Whether handles remember where they were opened: the property dev.weft.trace.opens. */
  static final boolean RECORDS_ORIGINS = Boolean.getBoolean("dev.weft.trace.opens");

  /** In place of a number: there is no descriptor. */
  public static final int NONE = -1;

  /** Is told once, on the reactor's thread, that no operation names a closing handle any more. */
  public interface Listener {
    void unused(Handle handle);
  }

  /** Where a handle stands. */
  public enum State {
    NEW,
    OPEN,
    CLOSING,
    CLOSED
  }

  /** What {@link #origin} is while places are recorded: a stack trace and nothing else. */
  static final class Origin extends Throwable {
    private static final long serialVersionUID = 1L;

    Origin() {
      super("opened here", null, false, true);
    }
  }

  /** What users see of it in messages: a name, or a kind with a number. */
  private final Object description;

  private final boolean owned;
  private final @Nullable Throwable origin;
  private int number = NONE;
  private State state = State.NEW;

  /** Operations that name it and have not completed. */
  int uses;

  // Two of those operations, so that most closes find what to cancel without a search.
  @Nullable Op first;
  @Nullable Op second;

  @Nullable Listener listener;

  private @Nullable Runnable cleanup;

  // ---- the list of open handles of a backend
  @Nullable Handle previous;
  @Nullable Handle next;

  /**
   * Makes a handle without a descriptor; {@link Backend#open} gives it one. All that has to be
   * allocated is allocated before there is a descriptor that could be lost.
   *
   * @param user what users have of it: when that is garbage the descriptor has leaked. Null if that
   *     can't happen
   * @param garbage the queue of the backend, null if {@code user} is
   * @param description not {@code user} itself, nor anything that refers to it
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
   * An open handle of a descriptor that belongs to somebody else, and that no backend lists.
   *
   * @param number the descriptor
   * @param description for messages
   */
  public static Handle borrowed(int number, Object description) {
    Handle handle = new Handle(null, null, description, false, null);
    handle.opened(number);
    return handle;
  }

  /**
   * Has {@code action} run just before the descriptor is given back, whoever closes the handle and
   * why; it must not throw, and not refer to the user's object.
   */
  public void onClose(Runnable action) {
    cleanup = action;
  }

  void opened(int number) {
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

  /** The descriptor, for what is done at once; {@link #NONE} if it is not open. */
  public int number() {
    return state == State.OPEN ? number : NONE;
  }

  /** The descriptor, whatever the state: for operations that count, and for the last close. */
  int rawNumber() {
    return number;
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

  /** Whether no operation names it. */
  public boolean isUnused() {
    return uses == 0;
  }

  /** How many operations name it that have not completed. */
  public int uses() {
    return uses;
  }

  public Object description() {
    return description;
  }

  /** Where it was opened, if such places are recorded. */
  public @Nullable Throwable origin() {
    return origin;
  }

  // ---- counting, by operations

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
    if (--uses == 0 && state == State.CLOSING) {
      tellUnused();
    }
  }

  private void tellUnused() {
    Listener told = listener;
    if (told != null) {
      listener = null;
      told.unused(this);
    }
  }

  @Override
  public String toString() {
    return description + " (descriptor " + number + ", " + state + ", " + uses + " in use)";
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.internal.fiber.FiberState;
import java.util.Arrays;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Fiber-local variable: each fiber has its own value. Unlike a {@link ThreadLocal} it also works in
 * fibers without their own thread, and a child can inherit the value.
 *
 * @param <T> the type of the value
 */
public final class FiberLocal<T> {
  private static final int ENTRIES_INITIAL = 2;

  private final Supplier<? extends @Nullable T> initial;
  private final boolean inheritable;

  private FiberLocal(Supplier<? extends @Nullable T> initial, boolean inheritable) {
    this.initial = initial;
    this.inheritable = inheritable;
  }

  /**
   * Creates a variable whose value is initially null in every fiber.
   *
   * @param <T> the type of the value
   * @return the variable
   */
  public static <T> FiberLocal<T> create() {
    return new FiberLocal<>(() -> null, false);
  }

  /**
   * Creates a variable whose initial value each fiber computes on its first {@link #get}.
   *
   * @param <T> the type of the value
   * @param initial computes the initial value; must not suspend
   * @return the variable
   */
  public static <T> FiberLocal<T> withInitial(Supplier<? extends T> initial) {
    return new FiberLocal<>(initial, false);
  }

  /**
   * Creates a variable whose value is inherited: a new fiber starts with the current value of the
   * fiber that starts it. Later assignments in one are not visible in the other. The value is
   * initially null.
   *
   * @param <T> the type of the value
   * @return the variable
   */
  public static <T> FiberLocal<T> inheritable() {
    return new FiberLocal<>(() -> null, true);
  }

  /**
   * {@return the value of the calling fiber: as set, inherited or computed}
   *
   * @throws WrongThreadException if the caller is not a fiber
   */
  public @Nullable T get() {
    FiberState state = FiberState.require("get");
    int index = find(state.locals());
    if (index >= 0) {
      @Nullable Object[] locals = state.locals();
      assert locals != null;
      @SuppressWarnings("unchecked") // put there by set
      T value = (T) locals[index + 1];
      return value;
    }
    T value = initial.get();
    if (value != null) {
      put(state, value);
    }
    return value;
  }

  /**
   * Sets the value of the calling fiber.
   *
   * @param value the new value
   * @throws WrongThreadException if the caller is not a fiber
   */
  public void set(@Nullable T value) {
    put(FiberState.require("set"), value);
  }

  private void put(FiberState state, @Nullable T value) {
    int index = find(state.locals());
    @Nullable Object[] locals = state.locals();
    if (locals == null) {
      locals = new @Nullable Object[ENTRIES_INITIAL * 2];
      state.setLocals(locals);
    }
    if (index < 0) {
      index = firstFree(locals);
      if (index == locals.length) {
        locals = Arrays.copyOf(locals, index * 2);
        state.setLocals(locals);
      }
    }
    locals[index] = this;
    locals[index + 1] = value;
  }

  private static int firstFree(@Nullable Object[] locals) {
    int index = 0;
    while (index < locals.length && locals[index] != null) {
      index += 2;
    }
    return index;
  }

  private int find(@Nullable Object @Nullable [] locals) {
    if (locals != null) {
      for (int i = 0; i < locals.length && locals[i] != null; i += 2) {
        if (locals[i] == this) {
          return i;
        }
      }
    }
    return -1;
  }

  /** Copies the inheritable values of {@code from} to {@code to}, which is about to start. */
  static void inherit(FiberState from, FiberState to) {
    @Nullable Object[] locals = from.locals();
    if (locals == null) {
      return;
    }
    for (int i = 0; i < locals.length && locals[i] != null; i += 2) {
      if (locals[i] instanceof FiberLocal<?> local && local.inheritable) {
        hand(local, locals[i + 1], to);
      }
    }
  }

  private static <T> void hand(FiberLocal<T> local, @Nullable Object value, FiberState to) {
    @SuppressWarnings("unchecked") // it is this local's own value
    T own = (T) value;
    local.put(to, own);
  }
}

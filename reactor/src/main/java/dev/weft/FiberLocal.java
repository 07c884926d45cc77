// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import java.util.Arrays;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A value that each fiber has for itself. Unlike a {@link ThreadLocal} it also works in code that
 * does not run on a thread of its own, and a child can inherit it.
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
   * Makes a value that starts out as null in every fiber.
   *
   * @param <T> its type
   * @return a key
   */
  public static <T> FiberLocal<T> create() {
    return new FiberLocal<>(() -> null, false);
  }

  /**
   * Makes a value that each fiber computes when it first asks for it.
   *
   * @param <T> its type
   * @param initial computes it; must not suspend
   * @return a key
   */
  public static <T> FiberLocal<T> withInitial(Supplier<? extends T> initial) {
    return new FiberLocal<>(initial, false);
  }

  /**
   * Makes a value that a fiber hands to those that it starts: they begin with what it has then, and
   * changes on either side are not seen on the other. It starts out as null.
   *
   * @param <T> its type
   * @return a key
   */
  public static <T> FiberLocal<T> inheritable() {
    return new FiberLocal<>(() -> null, true);
  }

  /**
   * The value of the calling fiber.
   *
   * @return as set, inherited or computed
   * @throws WrongThreadException if the caller is not a fiber
   */
  public @Nullable T get() {
    FiberState life = FiberState.require("get");
    int index = find(life.locals);
    if (index >= 0) {
      @Nullable Object[] locals = life.locals;
      assert locals != null;
      @SuppressWarnings("unchecked") // put there by set
      T value = (T) locals[index + 1];
      return value;
    }
    T value = initial.get();
    if (value != null) {
      put(life, value);
    }
    return value;
  }

  /**
   * Changes the value of the calling fiber.
   *
   * @param value the new one
   * @throws WrongThreadException if the caller is not a fiber
   */
  public void set(@Nullable T value) {
    put(FiberState.require("set"), value);
  }

  private void put(FiberState life, @Nullable T value) {
    int index = find(life.locals);
    @Nullable Object[] locals = life.locals;
    if (locals == null) {
      locals = new @Nullable Object[ENTRIES_INITIAL * 2];
      life.locals = locals;
    }
    if (index < 0) {
      index = firstFree(locals);
      if (index == locals.length) {
        locals = Arrays.copyOf(locals, index * 2);
        life.locals = locals;
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

  /** Hands the inheritable values of {@code from} to {@code to}, which is about to start. */
  static void inherit(FiberState from, FiberState to) {
    @Nullable Object[] locals = from.locals;
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

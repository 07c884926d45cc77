// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.sched;

import dev.weft.bindings.NativeLibrary;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.jspecify.annotations.Nullable;

/**
 * What the {@link ScopedValue}s of the running thread are bound to: one field of the thread, which
 * frames that leave in the middle of a binding would leave behind as they had set it.
 */
final class ScopedBindings {
  private static final @Nullable MethodHandle GET;
  private static final @Nullable MethodHandle SET;

  static {
    MethodHandle get = null;
    MethodHandle set = null;
    try {
      NativeLibrary.openTo(ScopedBindings.class.getModule());
      MethodHandles.Lookup inThread =
          MethodHandles.privateLookupIn(Thread.class, MethodHandles.lookup());
      get =
          inThread.findStatic(
              Thread.class, "scopedValueBindings", MethodType.methodType(Object.class));
      set =
          inThread.findStatic(
              Thread.class,
              "setScopedValueBindings",
              MethodType.methodType(void.class, Object.class));
    } catch (IllegalAccessException | NoSuchMethodException e) {
      // Not open, or another JDK: then the field stays as the frames have set it.
      get = null;
    }
    GET = get;
    SET = set;
  }

  private ScopedBindings() {}

  static @Nullable Object get() {
    if (GET == null) {
      return null;
    }
    try {
      return (Object) GET.invokeExact();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a getter throws nothing checked", e);
    }
  }

  /** Puts back what {@link #get} has given. */
  static void set(@Nullable Object bindings) {
    if (GET == null || SET == null) {
      return;
    }
    try {
      SET.invokeExact(bindings);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a setter throws nothing checked", e);
    }
  }
}

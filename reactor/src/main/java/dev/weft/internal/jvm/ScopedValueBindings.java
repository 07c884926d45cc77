// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.jvm;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The {@link ScopedValue} bindings of the running thread: a field of the thread. Frames that are
 * unmounted inside a binding would leave the field as they had set it.
 */
final class ScopedValueBindings {
  /** Accessors of the field, or null until {@link #prepare} has found them. */
  private record Accessors(MethodHandle get, MethodHandle set) {}

  private static @Nullable Accessors found;

  /** Whether {@link Bound} may be used. */
  private static boolean accessible;

  /** The accessors as constants, which the JIT can inline. */
  private static final class Bound {
    static final MethodHandle GET;
    static final MethodHandle SET;

    static {
      Accessors accessors = Objects.requireNonNull(found);
      GET = accessors.get;
      SET = accessors.set;
    }
  }

  private ScopedValueBindings() {}

  /**
   * Finds the field in java.lang, which must be open to this module. If it is not found, the field
   * stays as the frames have set it.
   */
  static synchronized void prepare() {
    if (accessible) {
      return;
    }
    try {
      MethodHandles.Lookup inThread =
          MethodHandles.privateLookupIn(Thread.class, MethodHandles.lookup());
      found =
          new Accessors(
              inThread.findStatic(
                  Thread.class, "scopedValueBindings", MethodType.methodType(Object.class)),
              inThread.findStatic(
                  Thread.class,
                  "setScopedValueBindings",
                  MethodType.methodType(void.class, Object.class)));
      accessible = Bound.GET != null; // initialises the class first
    } catch (IllegalAccessException | NoSuchMethodException e) {
      // Not open yet, or another JDK.
    }
  }

  static @Nullable Object get() {
    if (!accessible) {
      return null;
    }
    try {
      return (Object) Bound.GET.invokeExact();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a getter throws nothing checked", e);
    }
  }

  /** Restores what {@link #get} returned; null makes the JDK search for the bindings. */
  static void set(@Nullable Object bindings) {
    if (!accessible) {
      return;
    }
    try {
      Bound.SET.invokeExact(bindings);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a setter throws nothing checked", e);
    }
  }
}

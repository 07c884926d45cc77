// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.jvm;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the {@link ScopedValue}s of the running thread are bound to: one field of the thread, which
 * frames that leave in the middle of a binding would leave behind as they had set it.
 */
final class ScopedValueBindings {
  /** Accessors of the field, or null as long as {@link #prepare} has not found them. */
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
   * Looks for the field in java.lang, which must be open to this module. Without it, or in a JDK
   * that has another one, the field stays as the frames have set it.
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
      // Closed so far, or another JDK.
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

  /** Puts back what {@link #get} has given; null has the JDK look for the bindings anew. */
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

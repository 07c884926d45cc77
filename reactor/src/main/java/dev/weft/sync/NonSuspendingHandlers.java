// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import static java.lang.invoke.MethodType.methodType;

import dev.weft.internal.failure.Failures;
import dev.weft.routine.codegen.Context;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.jspecify.annotations.Nullable;

/**
 * Calls handlers of a select that are known not to suspend. It uses method handles, so that the
 * weaver does not treat the callers as suspending.
 */
final class NonSuspendingHandlers {
  private static final MethodHandle HANDLE =
      find(Choose.Handler.class, "handle", methodType(Object.class, Object.class));
  private static final MethodHandle GET =
      find(Choose.Outcome.class, "get", methodType(Object.class));

  /** For each class, whether its implementations of the handler interfaces do not suspend. */
  private static final ClassValue<Boolean> DO =
      new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> type) {
          return (!Choose.Handler.class.isAssignableFrom(type)
                  || isPlain(type, "handle", Object.class, Context.class))
              && (!Choose.Outcome.class.isAssignableFrom(type)
                  || isPlain(type, "get", Context.class));
        }
      };

  private NonSuspendingHandlers() {}

  private static MethodHandle find(Class<?> type, String name, MethodType method) {
    try {
      return MethodHandles.lookup().findVirtual(type, name, method);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(type + " has no " + name, e);
    }
  }

  /** Whether the twin in {@code type} is the weaver's bridge to the plain method. */
  private static boolean isPlain(Class<?> type, String name, Class<?>... parameters) {
    try {
      return type.getMethod(name, parameters).isBridge();
    } catch (NoSuchMethodException e) {
      return false; // not woven
    }
  }

  /**
   * Whether {@code given} is known not to suspend.
   *
   * @param given a {@link Choose.Handler} or {@link Choose.Outcome}
   */
  static boolean does(Object given) {
    return DO.get(given.getClass());
  }

  static @Nullable Object handle(Choose.Handler<?, ?> handler, Object value) {
    try {
      return (@Nullable Object) HANDLE.invokeExact(handler, value);
    } catch (Throwable e) {
      throw Failures.unchecked(e);
    }
  }

  static @Nullable Object get(Choose.Outcome<?> outcome) {
    try {
      return (@Nullable Object) GET.invokeExact(outcome);
    } catch (Throwable e) {
      throw Failures.unchecked(e);
    }
  }
}

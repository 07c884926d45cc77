// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import static java.lang.invoke.MethodType.methodType;

import dev.weft.routine.codegen.Context;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.jspecify.annotations.Nullable;

/**
 * Calls of what users give a choice to make its result, where that is known not to suspend: by
 * handles, so that the weaver does not take the callers to suspend.
 */
final class NonSuspendingHandlers {
  private static final MethodHandle HANDLE =
      find(Choose.Handler.class, "handle", methodType(Object.class, Object.class));
  private static final MethodHandle GET =
      find(Choose.Outcome.class, "get", methodType(Object.class));

  /** Of a class, whether the methods that it has of those interfaces do not suspend. */
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

  /** Whether the twin that {@code type} has is the weaver's bridge to the plain method. */
  private static boolean isPlain(Class<?> type, String name, Class<?>... parameters) {
    try {
      return type.getMethod(name, parameters).isBridge();
    } catch (NoSuchMethodException e) {
      return false; // nothing is woven
    }
  }

  /**
   * Whether what {@code given} does is known not to suspend.
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
      throw NonSuspendingHandlers.<RuntimeException>unchecked(e);
    }
  }

  static @Nullable Object get(Choose.Outcome<?> outcome) {
    try {
      return (@Nullable Object) GET.invokeExact(outcome);
    } catch (Throwable e) {
      throw NonSuspendingHandlers.<RuntimeException>unchecked(e);
    }
  }

  /** The compiler is told that it is a {@code T}, which at run time nobody asks. */
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <T extends Throwable> T unchecked(Throwable thrown) throws T {
    throw (T) thrown;
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.routine;

import dev.weft.internal.failure.Failures;
import dev.weft.routine.codegen.Context;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.jspecify.annotations.Nullable;

/**
 * A method of an interface that may suspend, called where its implementation is known not to. It is
 * called by a method handle, so that the weaver does not treat the callers as suspending. A record,
 * so that the JVM treats the handle of a constant as a constant.
 *
 * @param handle calls the method; all types are Object
 * @param types whether a class implements the method without suspending
 */
public record NonSuspendingMethod(MethodHandle handle, ClassValue<Boolean> types) {
  /**
   * Finds a method.
   *
   * @param type the interface
   * @param name the method's name
   * @param method its type as erased: Object for the result and for the parameter, if it has one
   */
  public static NonSuspendingMethod of(Class<?> type, String name, MethodType method) {
    try {
      MethodHandle found = MethodHandles.lookup().findVirtual(type, name, method);
      Class<?>[] twin = method.appendParameterTypes(Context.class).parameterArray();
      return new NonSuspendingMethod(found.asType(found.type().generic()), typesWith(name, twin));
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(type + " has no " + name, e);
    }
  }

  private static ClassValue<Boolean> typesWith(String name, Class<?>[] twin) {
    return new ClassValue<>() {
      /** Whether the twin in {@code type} is the weaver's bridge to the plain method. */
      @Override
      protected Boolean computeValue(Class<?> type) {
        try {
          return type.getMethod(name, twin).isBridge();
        } catch (NoSuchMethodException e) {
          return false; // not woven
        }
      }
    };
  }

  /** Whether the method is known not to suspend in {@code implementation}. */
  public boolean isThatOf(Object implementation) {
    return types.get(implementation.getClass());
  }

  /** Calls a method without a parameter. */
  public @Nullable Object call(Object implementation) {
    try {
      return (@Nullable Object) handle.invokeExact(implementation);
    } catch (Throwable e) {
      throw Failures.unchecked(e);
    }
  }

  /** Calls a method with a parameter. */
  public @Nullable Object call(Object implementation, Object argument) {
    try {
      return (@Nullable Object) handle.invokeExact(implementation, argument);
    } catch (Throwable e) {
      throw Failures.unchecked(e);
    }
  }
}

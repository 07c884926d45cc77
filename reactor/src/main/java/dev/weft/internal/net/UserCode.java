// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.net;

import dev.weft.FiberTask;
import dev.weft.internal.failure.Failures;
import dev.weft.routine.codegen.Context;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Proxy;
import java.util.Arrays;

/**
 * Calls of users' objects from fibers that the library starts. Those fibers have no stack, so what
 * they call can suspend only if it is woven.
 */
public final class UserCode {
  private static final MethodHandle RUN = run();

  private UserCode() {}

  private static MethodHandle run() {
    try {
      MethodType type = MethodType.methodType(void.class);
      return MethodHandles.lookup().findVirtual(FiberTask.class, "run", type);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("FiberTask has no run", e);
    }
  }

  /**
   * Whether a class has a twin of its own of a method of an interface.
   *
   * @param parameters the types of the method's parameters
   */
  public static boolean isWoven(Class<?> type, Class<?> as, String method, Class<?>... parameters) {
    if (Proxy.isProxyClass(type)) {
      return false; // it inherits the twin of its interface, but its handler is not woven
    }
    Class<?>[] twin = Arrays.copyOf(parameters, parameters.length + 1);
    twin[parameters.length] = Context.class;
    try {
      Class<?> declaring = type.getMethod(method, twin).getDeclaringClass();
      return declaring != as && declaring == type.getMethod(method, parameters).getDeclaringClass();
    } catch (NoSuchMethodException e) {
      return false;
    }
  }

  /** A task that does the same and has a stack: the weaver does not see through the handle. */
  static FiberTask onStack(FiberTask task) {
    return () -> {
      try {
        RUN.invokeExact(task);
      } catch (Throwable e) {
        throw Failures.unchecked(e);
      }
    };
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.routine.codegen.Context;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;

/**
 * Detects woven tasks by the twin of their run method. Each reactor has one, used on its thread.
 */
final class WovenTasks {
  private static final int RECENT = 32;

  private static final ClassValue<Boolean> KNOWN =
      new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> type) {
          return isWoven(type, "run", FiberTask.class) || isWoven(type, "call", FiberCall.class);
        }
      };

  /** Direct-mapped cache of woven classes, indexed by hash: faster than {@link #KNOWN}. */
  private final @Nullable Object[] recent = new @Nullable Object[RECENT];

  /** Whether {@code task}, a {@link FiberTask} or {@link FiberCall}, can run without a stack. */
  boolean include(Object task) {
    Class<?> type = task.getClass();
    int place = type.hashCode() & (RECENT - 1);
    return recent[place] == type || look(type, place);
  }

  private boolean look(Class<?> type, int place) {
    boolean woven = KNOWN.get(type);
    if (woven) {
      recent[place] = type;
    }
    return woven;
  }

  private static boolean isWoven(Class<?> type, String name, Class<?> as) {
    // A proxy inherits the twin of its interface, but its handler is not woven.
    if (!as.isAssignableFrom(type) || Proxy.isProxyClass(type)) {
      return false;
    }
    try {
      Method plain = type.getMethod(name);
      Method twin = type.getMethod(name, Context.class);
      // A twin inherited past an overriding method belongs to the overridden one.
      Class<?> declaring = twin.getDeclaringClass();
      return declaring != as && declaring == plain.getDeclaringClass();
    } catch (NoSuchMethodException e) {
      return false;
    }
  }
}

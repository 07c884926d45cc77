// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.routine.codegen.Context;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;

/**
 * Tells which tasks have been woven, by the twin of the method that runs them. One for each
 * reactor, on its thread.
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

  /** Woven classes by the last bits of their hashes, looked at first: it takes less time. */
  private final @Nullable Object[] recent = new @Nullable Object[RECENT];

  /** Whether {@code task}, a {@link FiberTask} or {@link FiberCall}, can do without a stack. */
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
    // A proxy has a twin as it has everything of its interfaces, but its handler is not woven.
    if (!as.isAssignableFrom(type) || Proxy.isProxyClass(type)) {
      return false;
    }
    try {
      Method plain = type.getMethod(name);
      Method twin = type.getMethod(name, Context.class);
      // One that is inherited while the method is overridden is another method's. That of the
      // interface itself calls the plain one.
      Class<?> declaring = twin.getDeclaringClass();
      return declaring != as && declaring == plain.getDeclaringClass();
    } catch (NoSuchMethodException e) {
      return false;
    }
  }
}

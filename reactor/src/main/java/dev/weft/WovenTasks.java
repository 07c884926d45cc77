// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.weave.Context;
import java.lang.reflect.Method;

/** Tells which tasks have been woven, by the twin of the method that runs them. */
final class WovenTasks {
  private static final ClassValue<Boolean> KNOWN =
      new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> type) {
          return isWoven(type, "run", FiberTask.class) || isWoven(type, "call", FiberCall.class);
        }
      };

  private WovenTasks() {}

  /** Whether {@code task}, a {@link FiberTask} or {@link FiberCall}, can do without a stack. */
  static boolean include(Object task) {
    return KNOWN.get(task.getClass());
  }

  private static boolean isWoven(Class<?> type, String name, Class<?> as) {
    if (!as.isAssignableFrom(type)) {
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

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.fiber;

import dev.weft.routine.codegen.Context;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Detects woven tasks by the twin of their run method. Each reactor has one, used on its thread.
 */
public final class WovenTasks {
  private static final int RECENT = 32;

  /** Whether a class of tasks is woven, for all reactors. */
  public static final class Classes extends ClassValue<Boolean> {
    private final Map<Class<?>, String> methods;
    private final Class<?>[] parameters;

    /**
     * Takes the interfaces of tasks, each with the name of its method.
     *
     * @param parameters of the methods, erased
     */
    public Classes(Map<Class<?>, String> methods, Class<?>... parameters) {
      this.methods = methods;
      this.parameters = parameters.clone();
    }

    @Override
    protected Boolean computeValue(Class<?> type) {
      return !StackfulTask.class.isAssignableFrom(type)
          && methods.entrySet().stream()
              .anyMatch(method -> isWoven(type, method.getValue(), method.getKey(), parameters));
    }
  }

  private final Classes classes;

  /** Direct-mapped cache of woven classes, indexed by hash: faster than {@link #classes}. */
  private final @Nullable Object[] recent = new @Nullable Object[RECENT];

  public WovenTasks(Classes classes) {
    this.classes = classes;
  }

  /** Whether {@code task} can run without a stack. */
  public boolean include(Object task) {
    Class<?> type = task.getClass();
    int place = type.hashCode() & (RECENT - 1);
    return recent[place] == type || lookUp(type, place);
  }

  private boolean lookUp(Class<?> type, int place) {
    boolean woven = classes.get(type);
    if (woven) {
      recent[place] = type;
    }
    return woven;
  }

  private static boolean isWoven(Class<?> type, String name, Class<?> as, Class<?>[] parameters) {
    // A proxy inherits the twin of its interface, but its handler is not woven.
    if (!as.isAssignableFrom(type) || Proxy.isProxyClass(type)) {
      return false;
    }
    try {
      Class<?>[] more = Arrays.copyOf(parameters, parameters.length + 1);
      more[parameters.length] = Context.class;
      Method plain = type.getMethod(name, parameters);
      Method twin = type.getMethod(name, more);
      // A twin inherited past an overriding method belongs to the overridden one.
      Class<?> declaring = twin.getDeclaringClass();
      return declaring != as && declaring == plain.getDeclaringClass();
    } catch (NoSuchMethodException e) {
      return false;
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.access;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Shows what is inside objects of public types to the rest of the library, and to nobody else.
 *
 * @param <V> what is inside them
 */
public final class Accessors<V> {
  private final Map<Class<?>, Function<Object, V>> access = new ConcurrentHashMap<>();

  /** Called by the static initialiser of each type; {@code accessor} gets objects of that type. */
  public void register(Class<?> type, Function<Object, V> accessor) {
    access.put(type, accessor);
  }

  /** What is inside {@code object}, or null if its type is not known here. */
  public @Nullable V of(Object object) {
    Function<Object, V> accessor = access.get(object.getClass());
    return accessor == null ? null : accessor.apply(object);
  }
}

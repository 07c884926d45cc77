// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.access;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Gives the library access to internal parts of objects of public types.
 *
 * @param <V> the type of the internal part
 */
public final class Accessors<V> {
  private final Map<Class<?>, Function<Object, V>> access = new ConcurrentHashMap<>();

  /** Called by the static initialiser of each type; {@code accessor} gets objects of that type. */
  public <T> void register(Class<T> type, Function<T, V> accessor) {
    access.put(type, object -> accessor.apply(type.cast(object)));
  }

  /** The internal part of {@code object}, or null if its type is not registered. */
  public @Nullable V of(Object object) {
    Function<Object, V> accessor = access.get(object.getClass());
    return accessor == null ? null : accessor.apply(object);
  }
}

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Objects that other rooms keep for one loop, at most one of each type; on the loop's thread. */
public final class LoopExtensions {
  private final Map<Class<?>, Object> objects = new HashMap<>();

  LoopExtensions() {}

  /** The object of this type, or null. */
  public <T> @Nullable T get(Class<T> type) {
    return type.cast(objects.get(type));
  }

  public <T> void put(Class<T> type, T object) {
    objects.put(type, object);
  }

  public void remove(Class<?> type) {
    objects.remove(type);
  }
}

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

  /** Closes what can be closed, when the loop has ended and the kernel uses no memory any more. */
  void close() {
    for (Object object : objects.values()) {
      if (object instanceof Memory memory) {
        memory.close();
      }
    }
  }

  /** Memory that is kept until the loop has ended. */
  public interface Memory {
    /** Frees it. */
    void close();
  }
}

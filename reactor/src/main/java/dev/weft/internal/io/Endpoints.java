// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Gives the library access to the {@link Endpoint} of objects of public types. */
public final class Endpoints {
  private static final Map<Class<?>, Function<Object, Endpoint>> ACCESS = new ConcurrentHashMap<>();

  private Endpoints() {}

  /** Called by the static initialiser of each type that has an endpoint. */
  public static <T> void register(Class<T> type, Function<T, Endpoint> access) {
    ACCESS.put(type, stream -> access.apply(type.cast(stream)));
  }

  /** The endpoint of {@code stream}, or null if it is something else. */
  public static @Nullable Endpoint of(Object stream) {
    Function<Object, Endpoint> access = ACCESS.get(stream.getClass());
    return access == null ? null : access.apply(stream);
  }
}

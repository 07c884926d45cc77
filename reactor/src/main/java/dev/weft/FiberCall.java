// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.routine.Suspends;
import org.jspecify.annotations.Nullable;

/**
 * The code of a fiber that returns a result. It may suspend. It is not a {@link
 * java.util.concurrent.Callable}, so that code that can be woven is recognisable by its type.
 *
 * @param <T> the type of the result
 */
@FunctionalInterface
public interface FiberCall<T extends @Nullable Object> {
  /**
   * Runs until the end of the fiber.
   *
   * @return the result
   * @throws Exception ends the fiber as failed
   */
  @Suspends
  T call() throws Exception;
}

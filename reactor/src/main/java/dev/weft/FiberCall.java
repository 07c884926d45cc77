// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.routine.Suspends;
import org.jspecify.annotations.Nullable;

/**
 * What a fiber computes. It may suspend, which is why it is not a {@link
 * java.util.concurrent.Callable}.
 *
 * @param <T> the type of the result
 */
@FunctionalInterface
public interface FiberCall<T extends @Nullable Object> {
  /**
   * Runs to the end of the fiber.
   *
   * @return the result
   * @throws Exception what ends the fiber early
   */
  @Suspends
  T call() throws Exception;
}

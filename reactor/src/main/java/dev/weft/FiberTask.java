// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.routine.Suspends;

/**
 * What a fiber does. It may suspend, which is why it is not a {@link Runnable}: code that can be
 * woven must be recognisable by its type.
 */
@FunctionalInterface
public interface FiberTask {
  /**
   * Runs to the end of the fiber.
   *
   * @throws Exception what ends the fiber early
   */
  @Suspends
  void run() throws Exception;
}

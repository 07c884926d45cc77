// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.routine.Suspends;

/**
 * The code of a fiber without a result. It may suspend. It is not a {@link Runnable}, so that code
 * that can be woven is recognisable by its type.
 */
@FunctionalInterface
public interface FiberTask {
  /**
   * Runs until the end of the fiber.
   *
   * @throws Exception ends the fiber as failed
   */
  @Suspends
  void run() throws Exception;
}

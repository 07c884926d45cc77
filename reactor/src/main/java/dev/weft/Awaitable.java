// SPDX-License-Identifier: Apache-2.0
package dev.weft;

/**
 * Something of Weft that becomes ready, and that a {@link dev.weft.sync.Choose} can wait for beside
 * other things. Not for users to implement.
 */
public interface Awaitable {
  /**
   * Whether a wait for it would end at once.
   *
   * @return true if it is ready
   */
  boolean isReady();
}

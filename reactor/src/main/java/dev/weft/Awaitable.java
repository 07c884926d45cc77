// SPDX-License-Identifier: Apache-2.0
package dev.weft;

/**
 * An object of Weft that becomes ready, and that a {@link dev.weft.sync.Choose} can wait for
 * together with others. Not for users to implement.
 */
public interface Awaitable {
  /** {@return whether a wait for it would end immediately} */
  boolean isReady();
}

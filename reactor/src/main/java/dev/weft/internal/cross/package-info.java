// SPDX-License-Identifier: Apache-2.0
/**
 * Waits that another thread ends, and messages from other threads to an event loop.
 *
 * <p>All else in a reactor belongs to its own thread.
 */
@NullMarked
package dev.weft.internal.cross;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/** Waiting for what other threads do, and messages from them to an event loop. */
@NullMarked
package dev.weft.internal.cross;

import org.jspecify.annotations.NullMarked;

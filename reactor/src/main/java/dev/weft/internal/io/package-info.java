// SPDX-License-Identifier: Apache-2.0
/**
 * What the public stream and socket types share.
 *
 * <p>An endpoint with its waits and its close, accepting with back-pressure, and socket options.
 */
@NullMarked
package dev.weft.internal.io;

import org.jspecify.annotations.NullMarked;

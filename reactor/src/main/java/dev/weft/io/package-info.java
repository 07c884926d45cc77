// SPDX-License-Identifier: Apache-2.0
/** Streams of bytes and ways to move them. */
@NullMarked
package dev.weft.io;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/** Streams of bytes and ways to move them. The rules of {@link dev.weft} hold. */
@NullMarked
package dev.weft.io;

import org.jspecify.annotations.NullMarked;

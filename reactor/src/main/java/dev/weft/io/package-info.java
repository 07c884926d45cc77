// SPDX-License-Identifier: Apache-2.0
/** Byte streams, pipes and splicing. The rules of {@link dev.weft} apply. */
@NullMarked
package dev.weft.io;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/** The process's surroundings: standard streams and signals. The rules of {@link dev.weft} hold. */
@NullMarked
package dev.weft.os;

import org.jspecify.annotations.NullMarked;

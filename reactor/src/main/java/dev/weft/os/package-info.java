// SPDX-License-Identifier: Apache-2.0
/** The process's surroundings: standard streams and signals. */
@NullMarked
package dev.weft.os;

import org.jspecify.annotations.NullMarked;

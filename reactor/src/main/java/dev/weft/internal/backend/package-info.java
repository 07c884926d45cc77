// SPDX-License-Identifier: Apache-2.0
/** Operations, and what carries them out. */
@NullMarked
package dev.weft.internal.backend;

import org.jspecify.annotations.NullMarked;

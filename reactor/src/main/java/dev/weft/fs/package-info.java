// SPDX-License-Identifier: Apache-2.0
/** Files. */
@NullMarked
package dev.weft.fs;

import org.jspecify.annotations.NullMarked;

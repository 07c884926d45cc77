// SPDX-License-Identifier: Apache-2.0
/** Files. The rules of {@link dev.weft} apply. */
@NullMarked
package dev.weft.fs;

import org.jspecify.annotations.NullMarked;

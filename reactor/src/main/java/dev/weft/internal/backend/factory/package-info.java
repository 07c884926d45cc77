// SPDX-License-Identifier: Apache-2.0
/**
 * The choice of a backend.
 *
 * <p>The only package that knows all backends of the library.
 */
@NullMarked
package dev.weft.internal.backend.factory;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/**
 * Doors from one package of the library to the inside of another, which no user can open.
 *
 * <p>A class registers here what others may do with its instances.
 */
@NullMarked
package dev.weft.internal.access;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/**
 * Access between packages of the library that users do not have.
 *
 * <p>A public class registers here the accessors and factories that other packages may use.
 */
@NullMarked
package dev.weft.internal.access;

import org.jspecify.annotations.NullMarked;

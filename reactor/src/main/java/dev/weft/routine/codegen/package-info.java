// SPDX-License-Identifier: Apache-2.0
/**
 * Runtime support that woven code calls. Not for users.
 *
 * <p>{@link dev.weft.routine.codegen.Context} is the second argument of each woven method, {@link
 * dev.weft.routine.codegen.Frame} what one saves when it suspends, and {@link
 * dev.weft.routine.codegen.Overrides} decides whether an overriding method is woven too. The
 * classes are public only because woven classes are in packages of their own.
 */
@NullMarked
package dev.weft.routine.codegen;

import org.jspecify.annotations.NullMarked;

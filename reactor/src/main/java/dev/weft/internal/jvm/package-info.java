// SPDX-License-Identifier: Apache-2.0
/**
 * What is taken from inside HotSpot: continuations and the state of a thread that has to move with
 * them.
 *
 * <p>Everything that depends on the version of the JDK is here.
 */
@NullMarked
package dev.weft.internal.jvm;

import org.jspecify.annotations.NullMarked;

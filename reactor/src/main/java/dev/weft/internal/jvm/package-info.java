// SPDX-License-Identifier: Apache-2.0
/**
 * Access to HotSpot's internals: continuations, and the thread state that has to move with their
 * frames.
 *
 * <p>Code that depends on the version of the JDK belongs here.
 */
@NullMarked
package dev.weft.internal.jvm;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/**
 * What woven code runs on: routines, which suspend without a stack of their own.
 *
 * <p>The weaver rewrites compiled classes so that each method that may suspend can also leave by
 * returning, and be entered again where it left. It puts two methods beside the method {@code R
 * m(A)} that the compiler made, which stays as it is:
 *
 * <ul>
 *   <li>{@code R m(A, Context)}, its <i>twin</i>, is the same body. After each call that may
 *       suspend it looks at the context's flag; if it is set, the twin saves what it still needs in
 *       a {@link dev.weft.routine.codegen.Frame} and returns.
 *   <li>{@code m(Frame, Context)} is the part of the body that a suspension leads to. It takes from
 *       the frame what it needs, and jumps there.
 * </ul>
 *
 * <p>A {@link dev.weft.routine.Routine} is the outermost of these frames. {@link
 * dev.weft.routine.Routine#go} enters the innermost one directly, so that switching costs the same
 * at any depth. No call can be seen to suspend in the source, and none has to be marked: what calls
 * something that has a twin gets one.
 *
 * <p>One class file runs both ways. A routine that has not been woven, or one in {@link
 * dev.weft.routine.Routine#stackful}, runs the plain methods on a continuation of the JDK, which
 * debuggers know, and which takes some forty times as long to switch.
 */
@NullMarked
package dev.weft.routine;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/**
 * Runtime of woven code: routines, which suspend without a stack of their own.
 *
 * <p>The weaver rewrites compiled classes so that each method that may suspend can suspend by
 * returning, and be entered again at the same place. It adds two methods to the compiled method
 * {@code R m(A)}, which stays unchanged:
 *
 * <ul>
 *   <li>{@code R m(A, Context)}, its <i>twin</i>, is the same body. After each call that may
 *       suspend it checks the context's flag; if it is set, the twin saves its live state in a
 *       {@link dev.weft.routine.codegen.Frame} and returns.
 *   <li>{@code m(Frame, Context)} is the part of the body that can be reached after a suspension.
 *       It restores its state from the frame and jumps to the place of the suspension.
 * </ul>
 *
 * <p>A {@link dev.weft.routine.Routine} is the outermost of these frames. {@link
 * dev.weft.routine.Routine#go} enters the innermost one directly, so that switching costs the same
 * at any depth. Suspending calls need no mark in the source: a method that calls one with a twin
 * gets a twin.
 *
 * <p>One class file runs both ways. A routine that has not been woven, or one in {@link
 * dev.weft.routine.Routine#stackful}, runs the plain methods on a continuation of the JDK, which
 * debuggers understand, and which takes about forty times as long to switch.
 */
@NullMarked
package dev.weft.routine;

import org.jspecify.annotations.NullMarked;

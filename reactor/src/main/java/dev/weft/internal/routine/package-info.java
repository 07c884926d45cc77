// SPDX-License-Identifier: Apache-2.0
/**
 * What routines are made of besides frames: the stack of a routine that runs its plain methods, and
 * stack traces of woven code.
 */
@NullMarked
package dev.weft.internal.routine;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/**
 * Code generation: woven methods, the frames that keep their state, and the classes of lambdas. It
 * is internal to the weaver.
 */
@NullMarked
package dev.weft.weaver.codegen;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/**
 * Analyses of methods: which suspend, what can be woven, their control flow and the types in their
 * frames. It is internal to the weaver.
 */
@NullMarked
package dev.weft.weaver.analysis;

import org.jspecify.annotations.NullMarked;

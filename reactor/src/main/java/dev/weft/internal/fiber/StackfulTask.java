// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.fiber;

/**
 * A task of the library, and so woven, that calls code of a user which is not. It needs a stack.
 */
public interface StackfulTask {}

// SPDX-License-Identifier: Apache-2.0
/**
 * Handling of failures that no caller can catch, and of exceptions of users.
 *
 * <p>Users' exceptions may themselves throw when their methods are called; nothing here does.
 */
@NullMarked
package dev.weft.internal.failure;

import org.jspecify.annotations.NullMarked;

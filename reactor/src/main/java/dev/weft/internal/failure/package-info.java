// SPDX-License-Identifier: Apache-2.0
/**
 * Exceptions that no caller can catch, and exceptions of users.
 *
 * <p>The first are reported, the others rethrown without losing what else has failed.
 */
@NullMarked
package dev.weft.internal.failure;

import org.jspecify.annotations.NullMarked;

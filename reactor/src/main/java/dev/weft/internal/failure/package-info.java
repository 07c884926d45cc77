// SPDX-License-Identifier: Apache-2.0
/** Handling of exceptions that no caller can catch, and helpers for exceptions of users. */
@NullMarked
package dev.weft.internal.failure;

import org.jspecify.annotations.NullMarked;

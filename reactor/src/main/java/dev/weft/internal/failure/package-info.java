// SPDX-License-Identifier: Apache-2.0
/**
 * What is done with an exception that nobody is there to catch, and how a stored one is thrown
 * again.
 */
@NullMarked
package dev.weft.internal.failure;

import org.jspecify.annotations.NullMarked;

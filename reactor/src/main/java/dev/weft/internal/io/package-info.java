// SPDX-License-Identifier: Apache-2.0
/**
 * The common part of the public I/O types: byte transfer on handles, accept, close, and the
 * synchronous socket calls.
 */
@NullMarked
package dev.weft.internal.io;

import org.jspecify.annotations.NullMarked;

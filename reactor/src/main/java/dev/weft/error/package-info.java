// SPDX-License-Identifier: Apache-2.0
/** Errors of the operating system by name, and the exceptions that end a call early. */
@NullMarked
package dev.weft.error;

import org.jspecify.annotations.NullMarked;

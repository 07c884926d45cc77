// SPDX-License-Identifier: Apache-2.0
/** What the public types of input and output have in common. */
@NullMarked
package dev.weft.internal.io;

import org.jspecify.annotations.NullMarked;

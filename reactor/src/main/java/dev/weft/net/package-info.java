// SPDX-License-Identifier: Apache-2.0
/** Sockets. */
@NullMarked
package dev.weft.net;

import org.jspecify.annotations.NullMarked;

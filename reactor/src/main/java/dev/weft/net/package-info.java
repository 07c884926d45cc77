// SPDX-License-Identifier: Apache-2.0
/** Sockets. The rules of {@link dev.weft} hold. */
@NullMarked
package dev.weft.net;

import org.jspecify.annotations.NullMarked;

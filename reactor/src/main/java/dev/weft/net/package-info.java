// SPDX-License-Identifier: Apache-2.0
/** TCP sockets. The rules of {@link dev.weft} apply. */
@NullMarked
package dev.weft.net;

import org.jspecify.annotations.NullMarked;

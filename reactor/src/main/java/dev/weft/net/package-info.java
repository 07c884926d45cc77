// SPDX-License-Identifier: Apache-2.0
/**
 * TCP, UDP and Unix sockets, and listeners.
 *
 * <p>{@link dev.weft.net.SocketOptions} has the options that a socket is opened with. The rules of
 * {@link dev.weft} apply.
 */
@NullMarked
package dev.weft.net;

import org.jspecify.annotations.NullMarked;

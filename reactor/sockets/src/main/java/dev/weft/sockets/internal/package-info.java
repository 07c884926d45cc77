// SPDX-License-Identifier: Apache-2.0
/**
 * The sockets of {@code java.net} and the {@code SocketImpl}s that they need.
 *
 * <p>A {@code SocketImpl} has the states of a TCP socket of Weft, and translates its exceptions.
 */
@NullMarked
package dev.weft.sockets.internal;

import org.jspecify.annotations.NullMarked;

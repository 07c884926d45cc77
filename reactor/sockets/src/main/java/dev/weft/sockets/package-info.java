// SPDX-License-Identifier: Apache-2.0
/**
 * The sockets of {@code java.net} over those of Weft, for code that takes a {@link
 * javax.net.SocketFactory}: drivers of databases, clients of HTTP, mail and directories.
 *
 * <p>Such code runs unchanged in fibers that have a stack: {@link
 * dev.weft.sockets.FiberSocketFactory} makes {@link java.net.Socket}s, {@link
 * dev.weft.sockets.FiberServerSocketFactory} {@link java.net.ServerSocket}s, whose blocking calls
 * suspend the calling fiber. Code of your own uses {@link dev.weft.net.TcpSocket}.
 *
 * <p>The rules of {@link dev.weft} apply.
 */
@NullMarked
package dev.weft.sockets;

import org.jspecify.annotations.NullMarked;

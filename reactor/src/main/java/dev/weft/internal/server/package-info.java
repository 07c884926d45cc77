// SPDX-License-Identifier: Apache-2.0
/**
 * What servers of all kinds of sockets share: they accept, limit, distribute and drain connections.
 *
 * <p>A server has a part on each of its reactors. The kinds differ in their {@link
 * dev.weft.internal.server.ServerTransport}.
 */
@NullMarked
package dev.weft.internal.server;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.io;

/**
 * The two rings of a socket.
 *
 * @param rx the ring that it reads from
 * @param tx the ring that it writes to
 */
public record RingPair(ByteRing rx, ByteRing tx) {}

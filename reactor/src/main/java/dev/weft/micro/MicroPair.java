// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

/**
 * Both ends of a byte stream between two threads, see {@link MicroThread#pair}. Each end is given
 * to one thread: what that thread writes, the thread with the other end reads.
 *
 * @param first one end
 * @param second the other end
 */
public record MicroPair(MicroConnection first, MicroConnection second) {}

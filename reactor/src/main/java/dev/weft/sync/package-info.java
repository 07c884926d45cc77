// SPDX-License-Identifier: Apache-2.0
/**
 * Channels, locks and other ways for fibers to wait for each other, or for other threads.
 *
 * <p>{@link dev.weft.sync.AsyncEvent}, {@link dev.weft.sync.Mailbox} and {@link
 * dev.weft.sync.Queue} are for several threads. The others belong to the reactor that they are made
 * in, and know waiting fibers by order: who waits longest goes on first, and what is handed over
 * can't be snatched by a latecomer. If all fibers wait for them without a deadline, that is a
 * deadlock, and reported as one. The rules of {@link dev.weft} hold.
 */
@NullMarked
package dev.weft.sync;

import org.jspecify.annotations.NullMarked;

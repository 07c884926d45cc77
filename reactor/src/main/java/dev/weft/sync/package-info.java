// SPDX-License-Identifier: Apache-2.0
/**
 * Channels, locks and other synchronisation between fibers, and between fibers and other threads.
 *
 * <p>{@link dev.weft.sync.AsyncEvent}, {@link dev.weft.sync.Mailbox}, {@link dev.weft.sync.Queue}
 * and the types whose names begin with Shared can be used by several threads. Objects of the other
 * types belong to the reactor in which they are created. They wake waiting fibers in FIFO order,
 * and a fiber that calls later can't take what was handed to a waiting one. If all fibers wait for
 * such objects without a deadline, the reactor reports a deadlock. The rules of {@link dev.weft}
 * apply.
 */
@NullMarked
package dev.weft.sync;

import org.jspecify.annotations.NullMarked;

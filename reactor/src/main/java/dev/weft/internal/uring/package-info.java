// SPDX-License-Identifier: Apache-2.0
/** The mapped io_uring: its queues, probed features, provided buffers and worker threads. */
@NullMarked
package dev.weft.internal.uring;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/**
 * An io_uring instance, mapped into memory.
 *
 * <p>The submission and completion queues, the kernel's features, and the buffers that it receives
 * into. Nothing here knows operations or strands.
 */
@NullMarked
package dev.weft.internal.uring;

import org.jspecify.annotations.NullMarked;

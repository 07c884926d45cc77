// SPDX-License-Identifier: Apache-2.0
/**
 * The backend seam: operations, and the interface of what carries them out.
 *
 * <p>A {@link dev.weft.internal.backend.Backend} is given an {@link dev.weft.internal.backend.Op}
 * and reports its completion. io_uring is one backend, the simulator another.
 */
@NullMarked
package dev.weft.internal.backend;

import org.jspecify.annotations.NullMarked;

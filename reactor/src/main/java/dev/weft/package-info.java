// SPDX-License-Identifier: Apache-2.0
/**
 * Fibers on io_uring: a {@link dev.weft.Reactor} runs {@link dev.weft.Fiber}s on one thread.
 *
 * <p>Rules for this package and those below, unless a method says otherwise: a method must be
 * called on the reactor's thread, which includes the reactor's fibers, and throws {@link
 * java.lang.WrongThreadException} elsewhere. It does not suspend. Its arguments may not be null.
 * Methods that only read state, such as {@link dev.weft.Fiber#isDone}, may be called from any
 * thread; the result can be stale.
 */
@NullMarked
package dev.weft;

import org.jspecify.annotations.NullMarked;

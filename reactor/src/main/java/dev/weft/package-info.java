// SPDX-License-Identifier: Apache-2.0
/**
 * Fibers on io_uring: a {@link dev.weft.Reactor} runs {@link dev.weft.Fiber}s on one thread.
 *
 * <p>Here and in the packages below: unless a method says otherwise, it belongs to the reactor's
 * thread (a fiber of it counts as such) and throws {@link java.lang.WrongThreadException}
 * elsewhere, it does not suspend, and its arguments may not be null. Methods that only tell how
 * things are, such as {@link dev.weft.Fiber#isDone}, do not look who asks: what another thread is
 * told may be out of date.
 */
@NullMarked
package dev.weft;

import org.jspecify.annotations.NullMarked;

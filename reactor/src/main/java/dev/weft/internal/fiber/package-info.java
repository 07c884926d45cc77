// SPDX-License-Identifier: Apache-2.0
/**
 * Fibers and bundles as the scheduler sees them: what the public {@code Fiber}, {@code Bundle} and
 * {@code Reactor} keep.
 *
 * <p>Nothing here knows the public types: a {@code Fiber} runs its task in a subclass of {@link
 * dev.weft.internal.fiber.FiberState}, and a {@code Reactor} handles what its fibers have not
 * caught in one of {@link dev.weft.internal.fiber.ReactorFibers}.
 */
@NullMarked
package dev.weft.internal.fiber;

import org.jspecify.annotations.NullMarked;

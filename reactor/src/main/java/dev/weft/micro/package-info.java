// SPDX-License-Identifier: Apache-2.0
/**
 * Micro-threads: code that waits, in processes that each have a run queue and a little memory of
 * their own, after the threading interface of mnvkd.
 *
 * <p>A {@link dev.weft.micro.MicroProcess} runs its {@link dev.weft.micro.MicroThread}s to
 * quiescence in one dispatch: they pass control ({@code play}, {@code pause}, {@code call}),
 * messages ({@code request}, {@code listen}, {@code respond}, {@code send}, {@code recv}) and bytes
 * ({@link dev.weft.micro.MicroSocket}) to each other without leaving it. What waits for the outside
 * world does so together with all other processes of the reactor: their reads and writes go to the
 * kernel in one system call a turn.
 *
 * <p>Micro-threads are written as ordinary methods. Woven, a suspended one is a few fields; unwoven
 * it keeps a stack, and means the same.
 */
@NullMarked
package dev.weft.micro;

import org.jspecify.annotations.NullMarked;

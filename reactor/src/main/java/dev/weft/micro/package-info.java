// SPDX-License-Identifier: Apache-2.0
/**
 * Micro-threads: lightweight threads grouped in micro-processes, each with a run queue and a small
 * heap of its own. The programming interface follows mnvkd's threading interface.
 *
 * <p>A {@link dev.weft.micro.MicroProcess} runs its {@link dev.weft.micro.MicroThread}s until none
 * can run, in one dispatch: they pass control ({@code play}, {@code pause}, {@code call}), messages
 * ({@code request}, {@code listen}, {@code respond}, {@code send}, {@code recv}) and bytes ({@link
 * dev.weft.micro.MicroSocket}) to each other without leaving it. The reads and writes of all
 * processes of a reactor are submitted to the kernel in one system call per turn.
 *
 * <p>A server is a {@link dev.weft.micro.MicroService}, which starts a process for each connection,
 * or a process of its own that {@linkplain dev.weft.micro.MicroThread#accept accepts} on a {@link
 * dev.weft.net.TcpListener}.
 *
 * <p>Micro-threads are written as ordinary methods. A suspended woven thread is a few fields; an
 * unwoven one keeps a stack and behaves the same.
 */
@NullMarked
package dev.weft.micro;

import org.jspecify.annotations.NullMarked;

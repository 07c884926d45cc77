// SPDX-License-Identifier: Apache-2.0
/**
 * Scheduling of micro-threads and micro-processes.
 *
 * <p>Read in this order: a {@link dev.weft.internal.micro.run.MicroDispatcher} runs the {@link
 * dev.weft.internal.micro.run.ProcessControl}s of a reactor; a {@link
 * dev.weft.internal.micro.run.ProcessScheduler} runs the threads of one; {@link
 * dev.weft.internal.micro.run.ThreadControl} is what it knows of a thread; {@link
 * dev.weft.internal.micro.run.ThreadLifecycle} decides what follows when a thread returns or
 * throws. The types that users have are façades over these.
 */
@NullMarked
package dev.weft.internal.micro.run;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/**
 * Strands, and the event loop that schedules them.
 *
 * <p>A strand is anything that the loop resumes and that can suspend: a fiber in each of its kinds,
 * or a routine that another strand hosts. Start with {@link dev.weft.internal.strand.EventLoop},
 * then {@link dev.weft.internal.strand.Strand}.
 */
@NullMarked
package dev.weft.internal.strand;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/**
 * Byte streams, pipes, copying between streams, and readiness.
 *
 * <p>{@link dev.weft.io.ByteSource} and {@link dev.weft.io.ByteSink} are what files, sockets and
 * standard streams have in common. The rules of {@link dev.weft} apply.
 */
@NullMarked
package dev.weft.io;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/**
 * An echo server that numbers its lines.
 *
 * <p>One micro-thread serves one connection.
 */
@NullMarked
package dev.weft.examples.micro.echo;

import org.jspecify.annotations.NullMarked;

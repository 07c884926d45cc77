// SPDX-License-Identifier: Apache-2.0
/**
 * A small Redis server and client.
 *
 * <p>The keys are in an SQLite database, whose calls block and therefore run on threads of their
 * own.
 */
@NullMarked
package dev.weft.examples.micro.redis;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/** A small Redis server and client on an SQLite store. */
@NullMarked
package dev.weft.examples.micro.redis;

import org.jspecify.annotations.NullMarked;

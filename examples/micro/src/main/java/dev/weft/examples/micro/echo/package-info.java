// SPDX-License-Identifier: Apache-2.0
/** An echo server that numbers its lines. */
@NullMarked
package dev.weft.examples.micro.echo;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/**
 * What the servers among the programs share: their command line, and reactors that serve until a
 * signal comes.
 */
@NullMarked
package dev.weft.examples.cli.server;

import org.jspecify.annotations.NullMarked;

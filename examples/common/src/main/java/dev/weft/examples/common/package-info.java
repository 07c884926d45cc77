// SPDX-License-Identifier: Apache-2.0
/**
 * Common code of the example programs: starting one of several programs of a jar, parsing
 * arguments, and, for tests, running a program as a child process.
 */
@NullMarked
package dev.weft.examples.common;

import org.jspecify.annotations.NullMarked;

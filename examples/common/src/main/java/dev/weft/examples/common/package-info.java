// SPDX-License-Identifier: Apache-2.0
/**
 * What the example programs share: how a jar starts one of several programs, what the words of a
 * command line mean, and for tests a program as a child process.
 */
@NullMarked
package dev.weft.examples.common;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/**
 * Common code of the services of micro-threads.
 *
 * <p>This is the command line, the start of a TCP service, and its orderly end.
 */
@NullMarked
package dev.weft.examples.micro.service;

import org.jspecify.annotations.NullMarked;

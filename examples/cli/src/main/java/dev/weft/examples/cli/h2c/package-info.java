// SPDX-License-Identifier: Apache-2.0
/**
 * A server of HTTP/2 in the clear (RFC 9113): files of a folder.
 *
 * <p>HPACK and the numbers of the protocol are those of Apache HttpComponents, which does no I/O
 * here.
 */
@NullMarked
package dev.weft.examples.cli.h2c;

import org.jspecify.annotations.NullMarked;

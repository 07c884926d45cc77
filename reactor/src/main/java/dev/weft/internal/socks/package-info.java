// SPDX-License-Identifier: Apache-2.0
/**
 * The messages of SOCKS5 (RFC 1928 and 1929).
 *
 * <p>How they are written, read and checked, by clients and by proxies.
 */
@NullMarked
package dev.weft.internal.socks;

import org.jspecify.annotations.NullMarked;

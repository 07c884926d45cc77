// SPDX-License-Identifier: Apache-2.0
/**
 * Questions and answers of DNS (RFC 1035).
 *
 * <p>The encoding is dnsjava's; here is what is asked, which messages answer it, and what they say.
 */
@NullMarked
package dev.weft.dns.internal.message;

import org.jspecify.annotations.NullMarked;

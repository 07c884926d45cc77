// SPDX-License-Identifier: Apache-2.0
/**
 * Asks name servers.
 *
 * <p>Equal questions are asked once, answers are kept for their time to live, and queries in flight
 * are limited.
 */
@NullMarked
package dev.weft.dns.internal.client;

import org.jspecify.annotations.NullMarked;

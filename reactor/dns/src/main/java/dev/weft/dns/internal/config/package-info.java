// SPDX-License-Identifier: Apache-2.0
/**
 * The files that configure how names are resolved: hosts(5) and resolv.conf(5).
 *
 * <p>They are read by the reactor, parsed within limits, and read again when they have changed.
 */
@NullMarked
package dev.weft.dns.internal.config;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/**
 * What connections by name find on the class path or module path.
 *
 * <p>Nothing here is exported.
 */
@NullMarked
package dev.weft.dns.spi;

import org.jspecify.annotations.NullMarked;

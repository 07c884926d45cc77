// SPDX-License-Identifier: Apache-2.0
/**
 * Connections to hosts by name.
 *
 * <p>It knows no sockets: what it connects is given to it.
 */
@NullMarked
package dev.weft.internal.net;

import org.jspecify.annotations.NullMarked;

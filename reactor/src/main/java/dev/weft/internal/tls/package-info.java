// SPDX-License-Identifier: Apache-2.0
/**
 * What {@link dev.weft.tls} is made of: the two directions of a session on an {@link
 * javax.net.ssl.SSLEngine}, the buffers of a reactor's sessions, and the reading of PEM files.
 */
@NullMarked
package dev.weft.internal.tls;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/**
 * The backend on the JDK's own channels and a {@link java.nio.channels.Selector}.
 *
 * <p>Needs no native library, no JVM flag and no restricted method.
 */
@NullMarked
package dev.weft.internal.backend.selector;

import org.jspecify.annotations.NullMarked;

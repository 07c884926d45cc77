// SPDX-License-Identifier: Apache-2.0
/** Operations, the handles that they use, and the interface of the backends that perform them. */
@NullMarked
package dev.weft.internal.backend;

import org.jspecify.annotations.NullMarked;

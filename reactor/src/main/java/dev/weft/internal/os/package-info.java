// SPDX-License-Identifier: Apache-2.0
/** System calls outside the ring, socket addresses, CPU affinity and signals. */
@NullMarked
package dev.weft.internal.os;

import org.jspecify.annotations.NullMarked;

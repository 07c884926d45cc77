// SPDX-License-Identifier: Apache-2.0
/** Native memory: raw access, mapped pages, slabs, and leases that keep arenas open. */
@NullMarked
package dev.weft.internal.mem;

import org.jspecify.annotations.NullMarked;

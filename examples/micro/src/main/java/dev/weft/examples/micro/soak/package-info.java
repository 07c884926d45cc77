// SPDX-License-Identifier: Apache-2.0
/** A soak: hours of load with everything going wrong, all of whose bytes are checked. */
@NullMarked
package dev.weft.examples.micro.soak;

import org.jspecify.annotations.NullMarked;

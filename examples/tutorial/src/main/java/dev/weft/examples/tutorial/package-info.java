// SPDX-License-Identifier: Apache-2.0
/** The library step by step. */
@NullMarked
package dev.weft.examples.tutorial;

import org.jspecify.annotations.NullMarked;

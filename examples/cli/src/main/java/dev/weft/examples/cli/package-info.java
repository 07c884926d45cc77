// SPDX-License-Identifier: Apache-2.0
/** Command-line programs on Weft. */
@NullMarked
package dev.weft.examples.cli;

import org.jspecify.annotations.NullMarked;

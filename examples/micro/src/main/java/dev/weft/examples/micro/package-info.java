// SPDX-License-Identifier: Apache-2.0
/** Programs of micro-threads, each on one page. */
@NullMarked
package dev.weft.examples.micro;

import org.jspecify.annotations.NullMarked;

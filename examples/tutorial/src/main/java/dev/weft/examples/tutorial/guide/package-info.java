// SPDX-License-Identifier: Apache-2.0
/**
 * Classes that the README and the documents under {@code reactor/docs} quote.
 *
 * <p>They are compiled and tested here; a test compares the documents with them block by block.
 */
@NullMarked
package dev.weft.examples.tutorial.guide;

import org.jspecify.annotations.NullMarked;

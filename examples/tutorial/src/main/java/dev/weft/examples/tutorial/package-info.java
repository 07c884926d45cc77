// SPDX-License-Identifier: Apache-2.0
/**
 * The tutorial: ten programs in the order in which they are best read, each on a page. {@code
 * scripts/tutorial N} runs step N; what it prints is in {@code src/test/resources/golden}.
 */
@NullMarked
package dev.weft.examples.tutorial;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/** Classes that the README and the documents under {@code reactor/docs} quote. */
@NullMarked
package dev.weft.examples.tutorial.guide;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/** The weaver as goals of Maven. */
@NullMarked
package dev.weft.weaver.maven;

import org.jspecify.annotations.NullMarked;
